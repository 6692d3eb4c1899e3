import { spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { answered, questions } from '../../../plugins/cpu/cpuid-answers.ts';
import { flagsOf } from '../../../plugins/cpu/cpuid-flags.ts';
import { askCpuidProgram, type CpuidAnswers } from '../../../plugins/cpu/cpuid-program.ts';
import { stateOf } from '../../../plugins/cpu/instruction.ts';
import { modelOf } from '../../../plugins/cpu/model.ts';
import { allFlags } from '../../../plugins/cpu/x86.ts';
import { randomFrom, type Random } from '../../support/random.ts';
import { interopBin } from '../peer.ts';
import { describeWithPeer } from '../suite.ts';

const hasCompiler = process.arch === 'x64' && spawnSync('cc', ['--version']).status === 0;

type Answers = Record<string, [number, number, number, number]>;
interface Described {
  readonly answers?: Answers;
  readonly xcr0?: number;
}

function question(leaf: number, subleaf: number): string {
  return `${leaf.toString(16)}/${subleaf.toString(16)}`;
}

/** The flags that klauspost/cpuid names, in order. */
function judge(described: readonly Described[]): string[][] {
  const input = described.map((each) => JSON.stringify(each)).join('\n');
  const options = { input, encoding: 'utf8', maxBuffer: 1e9 } as const;
  const { stdout } = spawnSync(join(interopBin ?? '', 'features'), ['cpuid'], options);
  return stdout
    .trim()
    .split('\n')
    .map((line) => (JSON.parse(line) as { flags: string[] }).flags.sort());
}

function ourFlags({ cpuid, xcr0 }: CpuidAnswers): string[] {
  return [...allFlags(flagsOf(cpuid, stateOf(xcr0)), modelOf(cpuid))].sort();
}

/** EBX, ECX and EDX of leaf 0. */
const vendors = [
  [0x756e6547, 0x6c65746e, 0x49656e69], // GenuineIntel
  [0x68747541, 0x444d4163, 0x69746e65], // AuthenticAMD
  [0x6f677948, 0x656e6975, 0x6e65476e], // HygonGenuine
  [0x746e6543, 0x736c7561, 0x48727561], // CentaurHauls
] as const;
/** EAX of leaf 1: processors of each time, and some that nobody made. */
const versions = [
  0x000206a7, 0x000306c3, 0x000506e3, 0x000a0671, 0x00600f12, 0x00800f12, 0x00830f10, 0x00a20f12, 0x00b40f40,
  0x00b60f70, 0x00c00f00, 0x00000f00,
];
const lastLeaves = [0x24, 0x20, 0x1f, 0xd, 0xb, 0x7, 0x4, 0x1];
const lastExtended = [0x80000021, 0x8000001f, 0x8000001b, 0x8000001a, 0x80000008, 0x80000001, 0x80000000, 0];
const states = [0xe7, 0x600e7, 0x7, 0x3, 0xc7, 0xe1];

const oneBit = (index: number): number => 2 ** index;
/** SSE3, XSAVE, OSXSAVE: the library takes the latter two from the bit of the first, see docs/nfd-compat.md. */
const together = (oneBit(0) | oneBit(26) | oneBit(27)) >>> 0;

/** A processor with random bits in every leaf, as one of these might have. */
function randomProcessor(random: Random): Required<Described> {
  const word = (): number => random.int(2 ** 32);
  const answers: Answers = Object.fromEntries(
    questions.map(([leaf, subleaf]) => [question(leaf, subleaf), [word(), word(), word(), word()]]),
  );
  const last = random.pick(lastLeaves);
  answers['0/0'] = [last, ...random.pick(vendors)];
  answers['80000000/0'] = [random.pick(lastExtended), 0, 0, 0];
  const [, ebx, ecx, edx] = answers['1/0']!;
  const state = random.chance(0.8) ? together : 0;
  answers['1/0'] = [random.pick(versions), ebx, ((ecx & ~together) | state) >>> 0, edx];
  // Enclaves without the leaf that describes them: there is no such processor.
  if (last < 0x12) answers['7/0']![1] = (answers['7/0']![1] & ~oneBit(2)) >>> 0;
  answers['a/0'] = [random.int(0x800), random.chance(0.5) ? random.int(16) : 0, 0, random.int(8)];
  return { answers, xcr0: random.pick(states) };
}

function asAnswers({ answers, xcr0 }: Required<Described>): CpuidAnswers {
  const registers = questions.map(([leaf, subleaf]) => {
    const [eax, ebx, ecx, edx] = answers[question(leaf, subleaf)]!;
    return { eax, ebx, ecx, edx };
  });
  return { cpuid: answered(registers), xcr0 };
}

describeWithPeer('flags that the library of NFD names', () => {
  test('are ours on 4,000 random processors', () => {
    const processors = Array.from({ length: 4000 }, (_, index) => randomProcessor(randomFrom(9, index)));
    const theirs = judge(processors);
    expect(processors.map((each) => ourFlags(asAnswers(each)))).toEqual(theirs);
    // What was compared is not only the empty: every flag that we can name came up on one of them.
    expect(new Set(theirs.flat()).size).toBeGreaterThan(180);
  });

  test('differ from ours in XSAVE and OSXSAVE alone, on a processor that has SSE3 and not these', () => {
    const answers: Answers = { '0/0': [1, ...vendors[0]], '1/0': [versions[0]!, 0, 1, 0] };
    const all: Answers = Object.fromEntries(
      questions.map(([leaf, subleaf]) => [question(leaf, subleaf), [0, 0, 0, 0]]),
    );
    const [theirs] = judge([{ answers, xcr0: 0 }]);
    expect(theirs).toEqual(['OSXSAVE', 'SSE3', 'XSAVE']);
    expect(ourFlags(asAnswers({ answers: { ...all, ...answers }, xcr0: 0 }))).toEqual(['SSE3']);
  });

  (hasCompiler ? test : test.skip)(
    'are ours on the machine at hand, by our own program and without privilege',
    async () => {
      const folder = await mkdtemp(join(tmpdir(), 'featureseal-cpuid-'));
      try {
        const script = join(import.meta.dirname, '../../../plugins/cpu/native/build.sh');
        expect(spawnSync('sh', [script, folder]).status).toBe(0);
        const answers = await askCpuidProgram(join(folder, 'cpuid'), new AbortController().signal);
        expect([ourFlags(answers)]).toEqual(judge([{}]));
      } finally {
        await rm(folder, { recursive: true });
      }
    },
  );
});
