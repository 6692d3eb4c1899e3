import { execFile } from 'node:child_process';
import { existsSync, statfsSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { unreadable, type Host } from '../../src/plugin/host/host.ts';
import { answered, questions } from './cpuid-answers.ts';
import type { Cpuid, Registers } from './cpuid.ts';
import { cpuinfoFile } from './cpuinfo.ts';

/** Built by native/build.sh where there is a C compiler; part of the image. */
const cpuidProgram = join(import.meta.dirname, 'native/cpuid');

/** Of procfs (Linux, include/uapi/linux/magic.h): its files are the running kernel's, wherever they are mounted. */
const procfsMagic = 0x9fa0;

/** What the program says. */
export interface CpuidAnswers {
  readonly cpuid: Cpuid;
  /** Register state that the operating system keeps, low half (Intel SDM volume 1, section 13.3). */
  readonly xcr0: number;
}

/**
 * Our program that executes the instruction, which needs no privilege. Undefined where it was not built, and where the
 * host root is not of the machine that we run on: it would tell of another processor.
 */
export async function findCpuidProgram(host: Host): Promise<string | undefined> {
  return existsSync(cpuidProgram) && (await isThisMachine(host)) ? cpuidProgram : undefined;
}

/** All answers of the program in this file. */
export async function askCpuidProgram(file: string, signal: AbortSignal): Promise<CpuidAnswers> {
  const asked = questions.map(([leaf, subleaf]) => question(leaf, subleaf));
  // Nothing of our environment is its business.
  const { stdout } = await promisify(execFile)(file, asked, { signal, env: {} });
  return parseAnswers(stdout);
}

function question(leaf: number, subleaf: number): string {
  return `${leaf.toString(16)}/${subleaf.toString(16)}`;
}

/** @throws FeaturesealError file-unreadable where the text is not what the program writes */
export function parseAnswers(text: string): CpuidAnswers {
  const [first = '', ...lines] = text.trimEnd().split('\n');
  const [, xcr0] = /^xcr0 ([0-9a-f]{1,8})$/.exec(first) ?? [];
  const answers = lines.map((line, index) => {
    const [leaf = 0, subleaf = 0] = questions[index] ?? [];
    const match = /^([0-9a-f]+\/[0-9a-f]+)((?: [0-9a-f]{1,8}){4})$/.exec(line);
    if (match?.[1] !== question(leaf, subleaf)) throw odd();
    return registers(match[2] ?? '');
  });
  if (xcr0 === undefined || answers.length !== questions.length) throw odd();
  return { cpuid: answered(answers), xcr0: parseInt(xcr0, 16) };
}

function registers(words: string): Registers {
  const [eax = 0, ebx = 0, ecx = 0, edx = 0] = words
    .trim()
    .split(' ')
    .map((word) => parseInt(word, 16));
  return { eax, ebx, ecx, edx };
}

function odd(): Error {
  return unreadable(cpuidProgram, 'did not answer what it was asked');
}

async function isThisMachine(host: Host): Promise<boolean> {
  const real = await host.locate(cpuinfoFile);
  return real !== undefined && statfsSync(real).type === procfsMagic;
}
