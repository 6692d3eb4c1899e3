/** What each microarchitecture level adds (x86-64 psABI, section 3.1.1, micro-architecture levels). */
const levels: readonly (readonly string[])[] = [
  ['CMOV', 'CMPXCHG8', 'X87', 'FXSR', 'MMX', 'SSE', 'SSE2'],
  ['CX16', 'LAHF', 'POPCNT', 'SSE3', 'SSE4', 'SSE42', 'SSSE3'],
  ['AVX', 'AVX2', 'BMI1', 'BMI2', 'F16C', 'FMA3', 'LZCNT', 'MOVBE', 'OSXSAVE'],
  ['AVX512F', 'AVX512BW', 'AVX512CD', 'AVX512DQ', 'AVX512VL'],
];

/** `X86_64_V1` up to the level reached; none without the system calls of 64-bit programs. */
export function levelFlags(flags: ReadonlySet<string>): string[] {
  if (!flags.has('SYSEE') && !flags.has('SYSCALL')) return [];
  const missing = levels.findIndex((level) => !level.every((flag) => flags.has(flag)));
  const reached = missing === -1 ? levels.length : missing;
  return levels.slice(0, reached).map((_, index) => `X86_64_V${String(index + 1)}`);
}
