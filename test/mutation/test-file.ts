import type { Generations } from './generations.ts';
import { declaredBy } from './globals.ts';
import { attribute } from './instrumented.ts';
import { runTests, testsOf, type Group, type Outcome, type Test } from './suite.ts';
import { cutShort } from './watch.ts';

export type IsWanted = (test: Test) => boolean;

/** One file of tests: kept loaded, and loaded anew where modules must not remember what they did before. */
export class TestFile {
  readonly name: string;
  readonly #generations: Generations;
  /** Mutants that its tests killed, by source file. */
  readonly #kills = new Map<string, number>();
  #prepared: Group | undefined;
  #milliseconds = 0;

  constructor(name: string, generations: Generations) {
    this.name = name;
    this.#generations = generations;
  }

  /**
   * Loads and runs it once without a mutant: one that is active while something is loaded or remembered for the first
   * time stays in it.
   */
  async prepare(): Promise<readonly Outcome[]> {
    this.#prepared = await this.#load(0);
    const started = performance.now();
    const outcomes = await run(this.#prepared, () => true, false);
    this.#milliseconds = performance.now() - started;
    return outcomes;
  }

  /** The first failure, under the active mutant where there is one. */
  async firstFailure(isWanted: IsWanted): Promise<Outcome | undefined> {
    return this.#prepared && failureIn(await run(this.#prepared, isWanted, true));
  }

  /** The same in modules that are loaded now; a file that cannot be loaded fails as a whole. */
  async firstFailureAfresh(isWanted: IsWanted, generation: number): Promise<Outcome | undefined> {
    const first = this.#prepared && testsOf(this.#prepared).find(isWanted);
    if (first === undefined) return undefined;
    try {
      return failureIn(await run(await this.#load(generation), isWanted, true));
    } catch (thrown) {
      return { id: first.id, failure: new Error('cannot be loaded', { cause: thrown }), milliseconds: 0 };
    }
  }

  positionOf(id: string): Test['position'] {
    return this.#prepared && testsOf(this.#prepared).find((test) => test.id === id)?.position;
  }

  countKill(source: string): void {
    this.#kills.set(source, (this.#kills.get(source) ?? 0) + 1);
  }

  /** Whether its tests load `source`. */
  reaches(source: string): boolean {
    return this.#generations.reaches(this.name, source);
  }

  /** Who killed most mutants of `source` goes first, then who is quick. */
  compare(other: TestFile, source: string): number {
    const kills = (file: TestFile) => file.#kills.get(source) ?? 0;
    return kills(other) - kills(this) || this.#milliseconds - other.#milliseconds;
  }

  #load(generation: number): Promise<Group> {
    return declaredBy(this.name, () => this.#generations.load(this.name, generation));
  }
}

async function run(root: Group, isWanted: IsWanted, bail: boolean): Promise<readonly Outcome[]> {
  const wanted = (test: Test) => !test.skipped && isWanted(test);
  const outcomes = await runTests(root, { wanted, attribute, bail, cutShort });
  attribute([]);
  return outcomes;
}

function failureIn(outcomes: readonly Outcome[]): Outcome | undefined {
  return outcomes.find(({ failure }) => failure !== undefined);
}
