import type { Discovery } from '../../../src/plugin/contract.ts';

const release = '5.15.0-91-generic';

/** A file of the host and the features that cannot be told without it. */
export const files: readonly (readonly [file: string, lost: readonly string[], whenEmpty?: string])[] = [
  [
    '/proc/cpuinfo',
    ['cpu.cpuid', 'cpu.cpuid-source', 'cpu.model', 'cpu.rdt', 'cpu.security', 'cpu.sst'],
    'describes no processor',
  ],
  ['/proc/sys/kernel/osrelease', ['kernel.version', 'kernel.enabledmodule', 'kernel.config']],
  [
    '/proc/modules',
    ['kernel.loadedmodule', 'kernel.enabledmodule', 'rdma.interface'],
    'is legal: nothing is loaded',
  ],
  [`/boot/config-${release}`, ['kernel.config'], 'is no kernel configuration'],
  [`/lib/modules/${release}/modules.builtin`, ['kernel.enabledmodule'], 'names no module'],
  ['/sys/fs/selinux/enforce', ['kernel.selinux']],
  ['/sys/devices/system/cpu/cpuidle/current_driver', ['cpu.cstate']],
  ['/sys/module/intel_idle/parameters/max_cstate', ['cpu.cstate']],
  ['/sys/devices/system/cpu/intel_pstate/status', ['cpu.pstate']],
  ['/sys/fs/resctrl/info/L3/num_closids', ['cpu.rdt']],
  ['/sys/bus/cpu/devices/cpu1/topology/thread_siblings_list', ['cpu.topology']],
  ['/sys/devices/system/node/node0/x86/sgx_total_bytes', ['cpu.security']],
  ['/proc/swaps', ['memory.swap'], 'does not begin with its header'],
  ['/etc/os-release', ['system.osrelease'], 'has no entry KEY=value'],
];

export const features = '/etc/kubernetes/node-feature-discovery/features.d';

/** A file of the host and the one value that cannot be told without it; undefined takes the whole element. */
export const values: readonly (readonly [
  file: string,
  feature: string,
  element: string | number,
  attribute?: string,
])[] = [
  ['/sys/devices/virtual/dmi/id/bios_date', 'system.dmiid', 'bios_date'],
  ['/sys/kernel/mm/hugepages/hugepages-1048576kB/nr_hugepages', 'memory.hugepages', 'hugepages-1Gi'],
  ['/sys/class/net/eno1/mtu', 'network.device', 0, 'mtu'],
  ['/sys/class/net/eno1/device/sriov_numvfs', 'network.device', 0, 'sriov_numvfs'],
  ['/sys/class/net/lo/operstate', 'network.virtual', 1, 'operstate'],
  ['/sys/block/sda/queue/zoned', 'storage.block', 1, 'zoned'],
  ['/sys/bus/usb/devices/usb1/serial', 'usb.device', 2, 'serial'],
  ['/sys/bus/usb/devices/1-4/1-4:1.1/bInterfaceClass', 'usb.device', 1],
  ['/sys/bus/pci/devices/0000:6b:00.0/sriov_totalvfs', 'pci.device', 4, 'sriov_totalvfs'],
  ['/sys/bus/pci/devices/0000:6b:00.0/vendor', 'pci.device', 4],
];

/** A discovery without some features. */
export function without({ features }: Discovery, lost: readonly string[]): Discovery['features'] {
  const kept = <Feature>(kind: Readonly<Record<string, Feature>>) =>
    Object.fromEntries(Object.entries(kind).filter(([key]) => !lost.includes(key)));
  return {
    flags: kept(features.flags),
    attributes: kept(features.attributes),
    instances: kept(features.instances),
  };
}

/** A discovery without one value, or one device. */
export function withoutValue(
  { features: { flags, attributes, instances } }: Discovery,
  feature: string,
  element: string | number,
  attribute?: string,
): Discovery['features'] {
  const omit = <Value>(record: Readonly<Record<string, Value>>, key: string) =>
    Object.fromEntries(Object.entries(record).filter(([name]) => name !== key));
  if (typeof element === 'string') {
    const elements = omit(attributes[feature]!.elements, element);
    return { flags, instances, attributes: { ...attributes, [feature]: { elements } } };
  }
  const elements = instances[feature]!.elements.flatMap((each, index) => {
    if (index !== element) return [each];
    return attribute === undefined ? [] : [{ attributes: omit(each.attributes, attribute) }];
  });
  return { flags, attributes, instances: { ...instances, [feature]: { elements } } };
}
