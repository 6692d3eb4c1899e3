import { spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { questions } from '../../../../plugins/cpu/cpuid-answers.ts';
import { askCpuidProgram, parseAnswers } from '../../../../plugins/cpu/cpuid-program.ts';
import { stateOf } from '../../../../plugins/cpu/instruction.ts';
import { modelOf } from '../../../../plugins/cpu/model.ts';

const hasCompiler = process.arch === 'x64' && spawnSync('cc', ['--version']).status === 0;
const script = join(import.meta.dirname, '../../../../plugins/cpu/native/build.sh');

describe('the program cpuid', () => {
  (hasCompiler ? test : test.skip)(
    'executes the instruction: vendor and model are those of the kernel',
    async () => {
      const folder = await mkdtemp(join(tmpdir(), 'featureseal-cpuid-'));
      try {
        expect(spawnSync('sh', [script, folder]).status).toBe(0);
        const { cpuid } = await askCpuidProgram(join(folder, 'cpuid'), new AbortController().signal);
        const cpuinfo = await readFile('/proc/cpuinfo', 'utf8');
        const { family, id } = modelOf(cpuid);
        expect(cpuinfo).toContain(`cpu family\t: ${String(family)}\nmodel\t\t: ${String(id)}\n`);
      } finally {
        await rm(folder, { recursive: true });
      }
    },
  );

  test('is not missed where there is no compiler', () => {
    const { status, stdout } = spawnSync('sh', [script, '/nowhere'], {
      env: { PATH: process.env['PATH'], CC: 'no-such-cc' },
    });
    expect(status).toBe(0);
    if (process.arch === 'x64') expect(stdout.toString()).toMatch(/^cpuid: no C compiler \(no-such-cc\)/);
  });

  const answer = questions.map(
    ([leaf, subleaf]) => `${leaf.toString(16)}/${subleaf.toString(16)} 0 1 2 ffffffff`,
  );
  test('is read in its own words', () => {
    const { cpuid, xcr0 } = parseAnswers(['xcr0 e7', ...answer, ''].join('\n'));
    expect(xcr0).toBe(0xe7);
    expect(cpuid(0)).toEqual({ eax: 0, ebx: 1, ecx: 2, edx: 0xffffffff });
  });

  test.each<[string, readonly string[]]>([
    ['nothing', []],
    ['no state', answer],
    ['an answer too few', ['xcr0 0', ...answer.slice(1)]],
    ['an answer too many', ['xcr0 0', ...answer, '0/0 0 0 0 0']],
    ['three registers', ['xcr0 0', '0/0 0 1 2', ...answer.slice(1)]],
    ['words', ['xcr0 0', '0/0 no such thing here', ...answer.slice(1)]],
  ])('is not believed where it says %s', (_, lines) => {
    expect(() => parseAnswers(lines.join('\n'))).toThrow(
      /\[file-unreadable\].*did not answer what it was asked/,
    );
  });
});

describe('the state that the operating system keeps', () => {
  test.each([
    [0x0, false, false],
    [0x3, false, false],
    [0x7, true, false],
    [0xc7, true, false],
    [0xe1, false, false],
    [0xe7, true, true],
    [0x600e7, true, true],
  ])('XCR0 %d: AVX %s, AVX-512 %s', (xcr0, avx, avx512) => {
    expect(stateOf(xcr0)).toEqual({ avx, avx512 });
  });
});
