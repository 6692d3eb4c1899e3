/** One thing to measure. `prepare` runs before each run, outside of the time. */
export interface Subject {
  readonly name: string;
  readonly prepare?: () => unknown;
  readonly run: () => unknown;
}

/**
 * Runs each subject once a round, so that whatever else the machine does falls on all of them alike.
 *
 * @returns the median of each, in milliseconds; the first tenth of the rounds, and so most of the compiler's work, is left out
 */
export async function medians(
  subjects: readonly Subject[],
  rounds: number,
): Promise<ReadonlyMap<string, number>> {
  const samples = new Map(subjects.map(({ name }) => [name, [] as number[]]));
  for (let round = -rounds / 10; round < rounds; round += 1) {
    for (const { name, prepare, run } of subjects) {
      await prepare?.();
      const start = performance.now();
      await run();
      const took = performance.now() - start;
      if (round >= 0) samples.get(name)?.push(took);
    }
  }
  return new Map([...samples].map(([name, times]) => [name, median(times)]));
}

function median(times: readonly number[]): number {
  return times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)] ?? NaN;
}
