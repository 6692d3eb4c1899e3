import { noRegisters, type Cpuid, type Registers } from './cpuid.ts';

/** Leaves that mean something to us, with the number of their subleaves. */
const leaves: readonly (readonly [leaf: number, subleaves: number])[] = [
  ...[0x0, 0x1, 0x4, 0xa, 0xb, 0x16, 0x19, 0x21, 0x24].map((leaf) => [leaf, 1] as const),
  ...([0x7, 0x12, 0xd] as const).map((leaf) => [leaf, leaf === 0x7 ? 3 : leaf === 0x12 ? 10 : 2] as const),
  ...[0x40000000, 0x4000000c].map((leaf) => [leaf, 1] as const),
  ...[0x0, 0x1, 0x7, 0x8, 0xa, 0x1a, 0x1b, 0x1e, 0x1f, 0x21].map((leaf) => [0x80000000 + leaf, 1] as const),
];

/** Every question that is asked of a processor. */
export const questions: readonly (readonly [leaf: number, subleaf: number])[] = leaves.flatMap(
  ([leaf, subleaves]) => Array.from({ length: subleaves }, (_, subleaf) => [leaf, subleaf] as const),
);

/** The instruction by the answers that it gave, in the order of {@link questions}. */
export function answered(answers: readonly Registers[]): Cpuid {
  const byQuestion = new Map(
    questions.map(([leaf, subleaf], index) => [`${String(leaf)}/${String(subleaf)}`, answers[index]]),
  );
  return withinRange(
    (leaf, subleaf = 0) => byQuestion.get(`${String(leaf)}/${String(subleaf)}`) ?? noRegisters,
  );
}

/** Asked for a leaf beyond its last, a processor repeats another leaf: such answers count as zeros. */
export function withinRange(cpuid: Cpuid): Cpuid {
  const lastBasic = cpuid(0).eax;
  const lastExtended = cpuid(0x80000000).eax;
  return (leaf, subleaf) => {
    if (leaf >= 0x80000000) return leaf <= lastExtended ? cpuid(leaf, subleaf) : noRegisters;
    // The hypervisor's range has no place in the processor's own count.
    return leaf >= 0x40000000 || leaf <= lastBasic ? cpuid(leaf, subleaf) : noRegisters;
  };
}
