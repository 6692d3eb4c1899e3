/**
 * Names of CPUID flags by the names that Linux gives them in /proc/cpuinfo (arch/x86/include/asm/cpufeatures.h). Where
 * one name of the kernel stands for several flags they follow from each other: the kernel shows `xsave` only after it
 * has set CR4.OSXSAVE. Flags that the kernel does not show cannot be found this way.
 */
const renamed: Readonly<Record<string, string>> = {
  '3dnow': 'AMD3DNOW',
  '3dnowext': 'AMD3DNOWEXT',
  abm: 'LZCNT POPCNT',
  aes: 'AESNI',
  amd_ppin: 'PPIN',
  apx: 'APX_F',
  arch_capabilities: 'IA32_ARCH_CAP',
  core_capabilities: 'IA32_CORE_CAP',
  cpb: 'CPBOOST',
  cx8: 'CMPXCHG8',
  debug_swap: 'SEV_DEBUGSWAP',
  decodeassists: 'SVMDA',
  flush_l1d: 'FLUSH_L1D',
  flushbyasid: 'SVMFBASID',
  fma: 'FMA3',
  fpu: 'X87',
  ibt: 'CETIBT',
  irperf: 'MSRIRC',
  lahf_lm: 'LAHF',
  lbrv: 'LBRVIRT',
  md_clear: 'MD_CLEAR',
  npt: 'SVMNP',
  nrip_save: 'NRIPS',
  overflow_recov: 'MCAOVERFLOW',
  pausefilter: 'SVMPF',
  pclmulqdq: 'CLMUL',
  pfthreshold: 'SVMPFT',
  pni: 'SSE3',
  sep: 'SYSEE',
  sev_es: 'SEV_ES',
  sev_snp: 'SEV_SNP',
  sgx_lc: 'SGXLC',
  sha_ni: 'SHA',
  sme_coherent: 'SME_COHERENT',
  ssbd: 'SPEC_CTRL_SSBD',
  sse: 'SSE FXSROPT',
  sse4_1: 'SSE4',
  sse4_2: 'SSE42',
  svm_lock: 'SVML',
  tdx_guest: 'TDX_GUEST',
  topoext: 'TOPEXT',
  tsc_scale: 'TSCRATEMSR',
  vmcb_clean: 'VMCBCLEAN',
  xsave: 'XSAVE OSXSAVE',
};

/** Kernel names that only differ in case and underscores. */
const alike = new Set(
  [
    'adx amx_bf16 amx_complex amx_fp16 amx_int8 amx_tile avx avx2 avx512_bf16 avx512_bitalg avx512_fp16 avx512_vbmi2',
    'avx512_vnni avx512_vp2intersect avx512_vpopcntdq avx512bw avx512cd avx512dq avx512er avx512f avx512ifma',
    'avx512pf avx512vbmi avx512vl avx_ifma avx_ne_convert avx_vnni avx_vnni_int16 avx_vnni_int8 bmi1 bmi2 cldemote',
    'clzero cmov cmpccxadd cppc cx16 enqcmd erms f16c fma4 fred fsrm fxsr gfni hle hypervisor ibpb ibs invlpgb',
    'lam mmx mmxext movbe movdir64b movdiri mpx msrlist nx pconfig popcnt rdpru rdrand rdseed rdtscp rtm serialize',
    'sev sgx sme sse2 sse4a ssse3 stibp succor svm syscall tme tsxldtrk vaes vmx vpclmulqdq waitpkg wbnoinvd wrmsrns',
    'xgetbv1 xop xsavec xsaveopt xsaves',
  ].flatMap((line) => line.split(' ')),
);

/** The flags that stand behind the kernel's names. */
export function flagsOfKernelNames(names: ReadonlySet<string>): Set<string> {
  return new Set(
    [...names].flatMap((name) => {
      const known = Object.hasOwn(renamed, name) ? renamed[name] : undefined;
      if (known !== undefined) return known.split(' ');
      return alike.has(name) ? [name.replaceAll('_', '').toUpperCase()] : [];
    }),
  );
}
