// What instrumented code looks at and writes down (Stryker's mutant switching), behind names that say what is done.
import type { CoverageData, InstrumenterContext, MutantCoverage } from '@stryker-mutator/api/core';
import type { Test } from './suite.ts';

declare global {
  var __stryker__: InstrumenterContext | undefined;
}

const context: InstrumenterContext = (globalThis.__stryker__ ??= {});

/** From here on the mutant is what runs; whoever reaches it more often than `hitLimit` runs in circles. */
export function activate(mutant: string, hitLimit: number | undefined): void {
  context.activeMutant = mutant;
  if (hitLimit !== undefined) Object.assign(context, { hitLimit, hitCount: 0 });
}

export function deactivate(): void {
  delete context.activeMutant;
  delete context.hitLimit;
  delete context.hitCount;
}

/** How often the active mutant was reached, where that was too often. */
export function runsInCircles(): number | undefined {
  const { hitCount = 0, hitLimit = Infinity } = context;
  return hitCount > hitLimit ? hitCount : undefined;
}

/** Whom the code that runs now counts for: one test, all that a hook stands before, or nobody (while loading). */
export function attribute(tests: readonly Test[]): void {
  if (tests.length === 0) delete context.currentTestId;
  else context.currentTestId = tests.map(({ id }) => id).join('\n');
}

/** Which mutants each test reached so far, and which were reached while loading. */
export function coverage(): MutantCoverage {
  const { static: whileLoading = {}, perTest: byTests = {} } = context.mutantCoverage ?? {};
  const perTest: Record<string, CoverageData> = {};
  for (const [ids, hits] of Object.entries(byTests)) {
    for (const id of ids.split('\n')) {
      const known = (perTest[id] ??= {});
      for (const [mutant, count] of Object.entries(hits)) known[mutant] = (known[mutant] ?? 0) + count;
    }
  }
  return { static: whileLoading, perTest };
}
