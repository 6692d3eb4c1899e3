import { bitRows, type BitRow, type Condition } from './cpuid-bits.ts';
import { bit, registerText, type Cpuid } from './cpuid.ts';
import { modelOf } from './model.ts';

/** Which register state the operating system keeps; CPUID alone does not tell. */
export interface EnabledState {
  readonly avx: boolean;
  readonly avx512: boolean;
}

/** All flags that the instruction's answers name. */
export function flagsOf(cpuid: Cpuid, state: EnabledState): Set<string> {
  const flags = new Set<string>();
  const { vendor } = modelOf(cpuid);
  const holds = (condition: Condition | undefined): boolean => {
    if (condition === undefined) return true;
    if (condition === 'avx state') return state.avx && flags.has('XSAVE') && flags.has('OSXSAVE');
    if (condition === 'avx-512 state') return state.avx512 && flags.has('XSAVE') && flags.has('OSXSAVE');
    if (condition === 'AMD') return vendor === 'AMD';
    return flags.has(condition.flag);
  };
  for (const row of bitRows) {
    if (holds(row.when)) setNames(row, cpuid, flags);
  }
  if (threadsPerCore(cpuid) > 1 && bit(cpuid(1).edx, 28)) flags.add('HTT');
  // Key Locker with wide and non-wide instructions, both enabled by the firmware.
  if (flags.has('KEYLOCKER') && (cpuid(0x19).ebx & 0b101) === 0b101) flags.add('KEYLOCKERW');
  if (isTdxGuest(cpuid)) flags.add('TDX_GUEST');
  for (const name of fixedCounters(cpuid)) flags.add(name);
  return flags;
}

function setNames({ leaf, subleaf, register, names }: BitRow, cpuid: Cpuid, flags: Set<string>): void {
  const value = cpuid(leaf, subleaf)[register];
  for (const entry of names.split(' ')) {
    const [index = '', name = ''] = entry.split(':');
    if (bit(value, Number(index))) flags.add(name);
  }
}

/** Threads that share a core, by leaf 0xB; older processors tell it in other ways. */
function threadsPerCore(cpuid: Cpuid): number {
  const { vendor } = modelOf(cpuid);
  const last = cpuid(0).eax;
  if (last < 4 || (vendor !== 'Intel' && vendor !== 'AMD')) return 1;
  const { ebx, edx } = cpuid(1);
  if (last < 0xb) {
    const logical = (ebx >>> 16) & 0xff;
    if (vendor !== 'Intel' || !bit(edx, 28) || logical <= 1) return 1;
    return Math.floor(logical / ((cpuid(4).eax >>> 26) + 1));
  }
  const byTopology = cpuid(0xb).ebx & 0xffff;
  if (byTopology !== 0) return byTopology;
  // Family 17h (Zen) and later tell it in leaf 0x8000001E.
  if (vendor !== 'AMD' || !bit(edx, 28) || modelOf(cpuid).family < 0x17) return 1;
  return cpuid(0x80000000).eax >= 0x8000001e ? ((cpuid(0x8000001e).ebx >>> 8) & 0xff) + 1 : 2;
}

/** Leaf 0x21 in a trust domain of Intel; Hyper-V hides that and tells it in its own range. */
function isTdxGuest(cpuid: Cpuid): boolean {
  const last = cpuid(0).eax;
  if (last >= 0x20 && cpuid(0x4000000c).ebx === 0xbe3) return true;
  const { ebx, edx, ecx } = cpuid(0x21);
  return registerText(ebx, edx, ecx) === 'IntelTDX    ';
}

/** Fixed-function performance counters, leaf 0xA: a set bit of EBX says that one is not there. */
function fixedCounters(cpuid: Cpuid): string[] {
  const { eax, ebx, edx } = cpuid(0xa);
  const version = eax & 0xff;
  if (version === 0) return [];
  const count = version > 1 ? edx & 0x1f : 0;
  const names = ['INSTRUCTIONS', 'CYCLES', 'REFCYCLES', 'TOPDOWN_SLOTS'].map(
    (name) => `PMU_FIXEDCOUNTER_${name}`,
  );
  if (ebx === 0) return count === 3 || count === 4 ? names.slice(0, count) : [];
  return names.filter((_, index) => !bit(ebx, index));
}
