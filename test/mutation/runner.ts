// A test runner for Stryker that stays warm: where jest needs seconds for a mutant, this needs milliseconds.
import { globSync } from 'node:fs';
import { declareClassPlugin, PluginKind } from '@stryker-mutator/api/plugin';
import {
  DryRunStatus,
  MutantRunStatus,
  TestStatus,
  type DryRunResult,
  type MutantRunOptions,
  type MutantRunResult,
  type TestResult,
  type TestRunner,
} from '@stryker-mutator/api/test-runner';
import { configureGlobal } from 'fast-check';
import { Generations } from './generations.ts';
import { activate, coverage, deactivate, runsInCircles } from './instrumented.ts';
import { keepRsaKeys } from './rsa-keys.ts';
import { remembering, testFiles } from './scope.ts';
import type { Outcome, Test } from './suite.ts';
import { TestFile, type IsWanted } from './test-file.ts';
import { watchForErrors, watchForIdling } from './watch.ts';

class WarmTestRunner implements TestRunner {
  // Stryker starts this in its copy of the project, where the mutated files are instrumented.
  readonly #generations = new Generations(process.cwd());
  readonly #files = globSync([...testFiles]).map((name) => new TestFile(name, this.#generations));
  readonly #tests: TestResult[] = [];
  #generation = 0;

  capabilities() {
    return { reloadEnvironment: true };
  }

  /** Every test runs once without a mutant, in each process: see {@link TestFile.prepare}. */
  async init(): Promise<void> {
    watchForErrors();
    keepRsaKeys();
    // The same examples each time, so that the same mutants live and die.
    configureGlobal({ seed: 1 });
    for (const file of this.#files) {
      const outcomes = await file.prepare();
      this.#tests.push(...outcomes.map((outcome) => resultOf(outcome, file)));
    }
    watchForIdling();
  }

  async dryRun(): Promise<DryRunResult> {
    return { status: DryRunStatus.Complete, tests: this.#tests, mutantCoverage: coverage() };
  }

  async mutantRun(options: MutantRunOptions): Promise<MutantRunResult> {
    const { testFilter, sandboxFileName: source } = options;
    const ids = new Set(testFilter);
    const isWanted = ({ id }: Test) => testFilter === undefined || ids.has(id);
    const files = this.#files
      .filter(({ name }) => testFilter?.some((id) => id.startsWith(`${name} > `)) ?? true)
      .filter((file) => file.reaches(source))
      .sort((one, other) => one.compare(other, source));
    const afresh = options.reloadEnvironment || remembering.some((file) => source.endsWith(file));
    if (afresh) this.#generation += 1;
    const result = await attack(files, isWanted, options, afresh ? this.#generation : undefined);
    return result ?? { status: MutantRunStatus.Survived, nrOfTests: ids.size };
  }
}

async function attack(
  files: readonly TestFile[],
  isWanted: IsWanted,
  { sandboxFileName, activeMutant, hitLimit }: MutantRunOptions,
  generation: number | undefined,
): Promise<MutantRunResult | undefined> {
  for (const file of files) {
    activate(activeMutant.id, hitLimit);
    const killer = await (generation === undefined
      ? file.firstFailure(isWanted)
      : file.firstFailureAfresh(isWanted, generation));
    const hits = runsInCircles();
    deactivate();
    if (hits !== undefined) return { status: MutantRunStatus.Timeout, reason: `reached ${hits} times` };
    if (killer === undefined) continue;
    await checkPasses(file, killer.id);
    file.countKill(sandboxFileName);
    const failureMessage = killer.failure?.message ?? '';
    return { status: MutantRunStatus.Killed, killedBy: [killer.id], failureMessage, nrOfTests: 1 };
  }
  return undefined;
}

/** Only a test that passes without the mutant has killed it. Stryker answers this error with a new process and tries again. */
async function checkPasses(file: TestFile, id: string): Promise<void> {
  const outcome = await file.firstFailure((test) => test.id === id);
  if (outcome !== undefined) throw new Error(`fails without a mutant: ${id}`, { cause: outcome.failure });
}

function resultOf({ id, failure, milliseconds }: Outcome, file: TestFile): TestResult {
  const startPosition = file.positionOf(id);
  const where = { fileName: file.name, ...(startPosition && { startPosition }) };
  const result = { id, name: id, timeSpentMs: milliseconds, ...where };
  if (failure === undefined) return { ...result, status: TestStatus.Success };
  return { ...result, status: TestStatus.Failed, failureMessage: failure.stack ?? failure.message };
}

export const strykerPlugins = [declareClassPlugin(PluginKind.TestRunner, 'warm', WarmTestRunner)];
