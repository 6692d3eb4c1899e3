import type { Features } from '../../src/plugin/contract.ts';

/** Flags that nearly every processor of today has, or that say little by themselves. */
export const defaultBlacklist = [
  ...[
    'AVX10',
    'BMI1',
    'BMI2',
    'CLMUL',
    'CMOV',
    'CX16',
    'ERMS',
    'F16C',
    'HTT',
    'LZCNT',
    'MMX',
    'MMXEXT',
    'NX',
  ],
  ...[
    'POPCNT',
    'RDRAND',
    'RDSEED',
    'RDTSCP',
    'SGX',
    'SGXLC',
    'SSE',
    'SSE2',
    'SSE3',
    'SSE4',
    'SSE42',
    'SSSE3',
  ],
  'TDX_GUEST',
] as const;

/** Amounts: for rules that make extended resources of them, not for labels. */
const amounts = new Set(['tdx.total_keys', 'sgx.epc', 'sev.asids', 'sev.encrypted_state_ids']);

export interface FlagFilter {
  readonly attributeBlacklist: readonly string[];
  readonly attributeWhitelist: readonly string[];
}

/** The labels of all features but rdt, which is for rules alone, and cpuid-source. */
export function labelsOf({ flags, attributes }: Features, filter: FlagFilter): Record<string, string> {
  const of = (feature: string): (readonly [string, string])[] =>
    Object.entries(attributes[feature]?.elements ?? {});
  const prefixed = (prefix: string, entries: readonly (readonly [string, string])[]) =>
    entries.map(([name, value]) => [`${prefix}${name}`, value] as const);
  const flagNames = Object.keys(flags['cpuid']?.elements ?? {});

  return Object.fromEntries([
    ...flagNames.filter((flag) => isLabelled(flag, filter)).map((flag) => [`cpuid.${flag}`, 'true'] as const),
    ...prefixed('cpuid.', of('cpuid')),
    ...prefixed('model.', of('model')),
    ...prefixed('cstate.', of('cstate')),
    ...prefixed('pstate.', of('pstate')),
    ...prefixed(
      'security.',
      of('security').filter(([name]) => !amounts.has(name)),
    ),
    ...prefixed('power.sst_', of('sst')),
    ...of('topology').filter(([name]) => name === 'hardware_multithreading'),
    ...prefixed('coprocessor.', of('coprocessor')),
    ...of('hybrid'),
  ]);
}

function isLabelled(flag: string, { attributeBlacklist, attributeWhitelist }: FlagFilter): boolean {
  return attributeWhitelist.length > 0
    ? attributeWhitelist.includes(flag)
    : !attributeBlacklist.includes(flag);
}
