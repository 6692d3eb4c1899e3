import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { withinRange } from '../../../../plugins/cpu/cpuid-answers.ts';
import { flagsOf, type EnabledState } from '../../../../plugins/cpu/cpuid-flags.ts';
import { noRegisters, type Cpuid, type Registers } from '../../../../plugins/cpu/cpuid.ts';
import { flagsOfKernelNames } from '../../../../plugins/cpu/kernel-flags.ts';
import { levelFlags } from '../../../../plugins/cpu/levels.ts';

type Answers = Readonly<Record<string, Partial<Registers>>>;

const all: EnabledState = { avx: true, avx512: true };
const last = { eax: 0x24 };
const intel = { ...last, ebx: 0x756e6547, edx: 0x49656e69, ecx: 0x6c65746e };
const amd = { ...last, ebx: 0x68747541, edx: 0x69746e65, ecx: 0x444d4163 };
const extended = { eax: 0x80000021 };
const bits = (...indexes: readonly number[]): number => indexes.reduce((sum, index) => sum + 2 ** index, 0);

/** A processor that answers as the table says, keys `leaf` or `leaf/subleaf` in hexadecimal. */
function processor(answers: Answers): Cpuid {
  return withinRange((leaf, subleaf = 0) => {
    const key = leaf.toString(16);
    return {
      ...noRegisters,
      ...(answers[`${key}/${String(subleaf)}`] ?? (subleaf === 0 ? answers[key] : undefined)),
    };
  });
}

describe('flags by CPUID', () => {
  test('are those that the library of NFD names on the same processor', () => {
    const file = join(import.meta.dirname, 'kvm-guest.json');
    const dump = JSON.parse(readFileSync(file, 'utf8')) as { answers: Record<string, string>; flags: string };
    const cpuid = withinRange((leaf, subleaf = 0) => {
      const line = dump.answers[`${leaf.toString(16).padStart(8, '0')}/${String(subleaf)}`];
      const [eax = 0, ebx = 0, ecx = 0, edx = 0] = line?.split(' ').map((word) => parseInt(word, 16)) ?? [];
      return { eax, ebx, ecx, edx };
    });
    expect([...flagsOf(cpuid, all)].sort()).toEqual(dump.flags.split(' ').sort());
  });

  const avx = { ecx: bits(26, 27, 28) };
  test.each<[string, Answers, EnabledState, string[]]>([
    ['AVX where the state is kept', { 0: intel, 1: avx }, all, ['XSAVE', 'OSXSAVE', 'AVX']],
    ['no AVX where it is not', { 0: intel, 1: avx }, { avx: false, avx512: false }, ['XSAVE', 'OSXSAVE']],
    ['no AVX2 without AVX', { 0: intel, 7: { ebx: bits(5) } }, all, []],
    [
      'AVX-512 where its state is kept',
      { 0: intel, 1: avx, 7: { ebx: bits(16) } },
      all,
      ['XSAVE', 'OSXSAVE', 'AVX', 'AVX512F'],
    ],
    [
      'no AVX-512 where it is not',
      { 0: intel, 1: avx, 7: { ebx: bits(16) } },
      { avx: true, avx512: false },
      ['XSAVE', 'OSXSAVE', 'AVX'],
    ],
    ['FMA3 only with OSXSAVE', { 0: intel, 1: { ecx: bits(12) } }, all, []],
    ['BMI2 only with BMI1', { 0: intel, 7: { ebx: bits(8) } }, all, []],
    [
      'POPCNT with LZCNT',
      { 0: amd, 80000000: extended, 80000001: { ecx: bits(5) } },
      all,
      ['LZCNT', 'POPCNT'],
    ],
    [
      'memory encryption of AMD',
      { 0: amd, 80000000: extended, '8000001f': { eax: bits(0, 1, 3, 4) } },
      all,
      ['SME', 'SEV', 'SEV_ES', 'SEV_SNP'],
    ],
    [
      'no memory encryption of AMD on Intel',
      { 0: intel, 80000000: extended, '8000001f': { eax: bits(0) } },
      all,
      [],
    ],
    ['threads that share a core', { 0: intel, 1: { edx: bits(28) }, b: { ebx: 2 } }, all, ['HTT']],
    ['no threads where a core has one', { 0: intel, 1: { edx: bits(28) }, b: { ebx: 1 } }, all, []],
    [
      'threads of Zen by its own leaf',
      { 0: amd, 1: { eax: 0x00800f00, edx: bits(28) }, 80000000: extended, '8000001e': { ebx: 1 << 8 } },
      all,
      ['HTT'],
    ],
    ['wide Key Locker', { 0: intel, 7: { ecx: bits(23) }, 19: { ebx: 5 } }, all, ['KEYLOCKER', 'KEYLOCKERW']],
    ['AVX10 only where it is announced', { 0: intel, 24: { ebx: bits(16, 17, 18) } }, all, []],
    [
      'a guest under TDX',
      { 0: intel, 21: { ebx: 0x65746e49, edx: 0x5844546c, ecx: 0x20202020 } },
      all,
      ['TDX_GUEST'],
    ],
    ['a guest under TDX that Hyper-V hides', { 0: intel, '4000000c': { ebx: 0xbe3 } }, all, ['TDX_GUEST']],
    [
      'three fixed counters',
      { 0: intel, a: { eax: 2, edx: 3 } },
      all,
      ['PMU_FIXEDCOUNTER_INSTRUCTIONS', 'PMU_FIXEDCOUNTER_CYCLES', 'PMU_FIXEDCOUNTER_REFCYCLES'],
    ],
    [
      'counters but the one that a set bit denies',
      { 0: intel, a: { eax: 1, ebx: bits(1, 2, 3) } },
      all,
      ['PMU_FIXEDCOUNTER_INSTRUCTIONS'],
    ],
    ['nothing of a leaf beyond the last', { 0: { ...intel, eax: 1 }, 7: { ebx: bits(3, 29) } }, all, []],
    [
      'nothing of an extended leaf beyond the last',
      { 0: amd, 80000000: { eax: 0x80000000 }, 80000001: { edx: bits(11) } },
      all,
      [],
    ],
  ])('%s', (_, answers, state, flags) => {
    expect([...flagsOf(processor(answers), state)].sort()).toEqual(flags.sort());
  });
});

describe('x86-64 levels', () => {
  const v1 = ['CMOV', 'CMPXCHG8', 'X87', 'FXSR', 'MMX', 'SSE', 'SSE2', 'SYSCALL'];
  const v2 = [...v1, 'CX16', 'LAHF', 'POPCNT', 'SSE3', 'SSE4', 'SSE42', 'SSSE3'];
  const v3 = [...v2, 'AVX', 'AVX2', 'BMI1', 'BMI2', 'F16C', 'FMA3', 'LZCNT', 'MOVBE', 'OSXSAVE'];
  const v4 = [...v3, 'AVX512F', 'AVX512BW', 'AVX512CD', 'AVX512DQ', 'AVX512VL'];
  const without = (flags: readonly string[], flag: string) => flags.filter((each) => each !== flag);

  test.each([
    ['none without system calls', without(v4, 'SYSCALL'), 0],
    ['none without SSE2', without(v4, 'SSE2'), 0],
    ['1', v1, 1],
    ['1, not 3, where one flag of 2 is missing', without(v3, 'CX16'), 1],
    ['2', v2, 2],
    ['3', v3, 3],
    ['3 where one flag of 4 is missing', without(v4, 'AVX512VL'), 3],
    ['4', v4, 4],
  ])('reached: %s', (_, flags, level) => {
    const names = ['X86_64_V1', 'X86_64_V2', 'X86_64_V3', 'X86_64_V4'].slice(0, level);
    expect(levelFlags(new Set(flags))).toEqual(names);
  });
});

describe('flags by the names of the kernel', () => {
  test.each([
    ['pni', ['SSE3']],
    ['sse4_1', ['SSE4']],
    ['avx512_vpopcntdq', ['AVX512VPOPCNTDQ']],
    ['xsave', ['XSAVE', 'OSXSAVE']],
    ['abm', ['LZCNT', 'POPCNT']],
    // Names of the kernel alone, and a key of every object.
    ['rep_good', []],
    ['constructor', []],
  ])('%s is %j', (name, flags) => {
    expect([...flagsOfKernelNames(new Set([name]))]).toEqual(flags);
  });
});
