/** Names of vendors by what CPUID leaf 0 (processors) and leaf 0x40000000 (hypervisors) spell. */
const vendors: Readonly<Record<string, string>> = {
  'AMDisbetter!': 'AMD',
  AuthenticAMD: 'AMD',
  CentaurHauls: 'VIA',
  GenuineIntel: 'Intel',
  TransmetaCPU: 'Transmeta',
  GenuineTMx86: 'Transmeta',
  'Geode by NSC': 'NSC',
  'VIA VIA VIA ': 'VIA',
  HygonGenuine: 'Hygon',
  'Vortex86 SoC': 'SiS',
  'SiS SiS SiS ': 'SiS',
  RiseRiseRise: 'SiS',
  'Genuine  RDC': 'RDC',
  KVMKVMKVM: 'KVM',
  'Linux KVM Hv': 'KVM',
  TCGTCGTCGTCG: 'QEMU',
  'Microsoft Hv': 'MSVM',
  VMwareVMware: 'VMware',
  XenVMMXenVMM: 'XenHVM',
  'bhyve bhyve ': 'Bhyve',
  QNXQVMBSQG: 'QNX',
  ACRNACRNACRN: 'ACRN',
  SRESRESRESRE: 'SRE',
  'Apple VZ': 'Apple',
};

export const unknownVendor = 'VendorUnknown';

/** The name of a vendor by its own spelling. */
export function vendorOf(spelling: string): string {
  return (Object.hasOwn(vendors, spelling) ? vendors[spelling] : undefined) ?? unknownVendor;
}
