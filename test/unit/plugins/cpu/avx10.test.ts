import { expect, test } from '@jest/globals';
import { answered, questions } from '../../../../plugins/cpu/cpuid-answers.ts';
import { avx10Version } from '../../../../plugins/cpu/x86.ts';
import { noRegisters, type Registers } from '../../../../plugins/cpu/cpuid.ts';

test.each([
  [0x24, 0x7_0002, '2'],
  [0x24, 0x7_0000, undefined],
  [0x23, 0x7_0002, undefined],
])('publishes the version of AVX10: last leaf %d, EBX %d, version %s', (last, ebx, version) => {
  const answers = questions.map(([leaf]): Registers => {
    if (leaf === 0) return { ...noRegisters, eax: last };
    return leaf === 0x24 ? { ...noRegisters, ebx } : noRegisters;
  });
  const flags = new Set(['AVX10']);
  expect(avx10Version(flags, answered(answers))).toEqual(
    version === undefined ? {} : { AVX10_VERSION: version },
  );
  expect(avx10Version(new Set(), answered(answers))).toEqual({});
});
