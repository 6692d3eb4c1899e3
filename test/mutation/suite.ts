// A test file as a tree, and how it is run. What jest-circus does, without a process and a module registry per file.

export type Hook = () => unknown;

export interface Test {
  readonly id: string;
  readonly body: Hook;
  readonly skipped: boolean;
  /** Where its file declares it, both counted from 0. */
  readonly position?: { readonly line: number; readonly column: number };
}

export interface Group {
  readonly name: string;
  readonly skipped: boolean;
  readonly children: (Group | Test)[];
  readonly beforeAll: Hook[];
  readonly beforeEach: Hook[];
  readonly afterEach: Hook[];
  readonly afterAll: Hook[];
}

export function emptyGroup(name: string, skipped = false): Group {
  return { name, skipped, children: [], beforeAll: [], beforeEach: [], afterEach: [], afterAll: [] };
}

function isGroup(child: Group | Test): child is Group {
  return 'children' in child;
}

/** All tests of a group, in the order they are written in. */
export function testsOf(group: Group): Test[] {
  return group.children.flatMap((child) => (isGroup(child) ? testsOf(child) : [child]));
}

export interface Outcome {
  readonly id: string;
  readonly failure: Error | undefined;
  readonly milliseconds: number;
}

export interface Run {
  /** Whether a test is to be run. */
  readonly wanted: (test: Test) => boolean;
  /** Told before anything of these tests runs; several where a hook stands for all of them. */
  readonly attribute: (tests: readonly Test[]) => void;
  /** Stop at the first failure. */
  readonly bail: boolean;
  /** Asked before each hook and test: rejects when that cannot end by itself any more. */
  readonly cutShort: () => Promise<never>;
}

/** Runs a tree with its hooks around it. */
export async function runTests(root: Group, run: Run): Promise<readonly Outcome[]> {
  const outcomes: Outcome[] = [];
  await runGroup(root, [], run, outcomes);
  return outcomes;
}

async function runGroup(group: Group, outer: readonly Group[], run: Run, outcomes: Outcome[]): Promise<void> {
  const tests = testsOf(group).filter(run.wanted);
  if (tests.length === 0) return;
  const path = [...outer, group];
  const started = performance.now();
  run.attribute(tests);
  const failure = await attempt(group.beforeAll, run);
  if (failure === undefined) {
    await runChildren(group, path, run, outcomes, performance.now() - started);
  } else {
    outcomes.push(...tests.map(({ id }) => ({ id, failure, milliseconds: 0 })));
  }
  run.attribute(tests);
  const last = await attempt(group.afterAll, run);
  if (last !== undefined) outcomes.push({ id: tests.at(-1)!.id, failure: last, milliseconds: 0 });
}

/** The first test of a group pays for what is made for all of them. */
async function runChildren(
  group: Group,
  path: readonly Group[],
  run: Run,
  outcomes: Outcome[],
  fixtures: number,
): Promise<void> {
  let extra = fixtures;
  for (const child of group.children) {
    if (run.bail && outcomes.some(({ failure }) => failure !== undefined)) return;
    if (isGroup(child)) {
      await runGroup(child, path, run, outcomes);
    } else if (run.wanted(child)) {
      outcomes.push(await runTest(child, path, run, extra));
      extra = 0;
    }
  }
}

async function runTest(test: Test, path: readonly Group[], run: Run, extra: number): Promise<Outcome> {
  const started = performance.now();
  run.attribute([test]);
  const before = path.flatMap((group) => group.beforeEach);
  const after = path.toReversed().flatMap((group) => group.afterEach);
  const failure = await attempt([...before, test.body], run);
  const cleanup = await attempt(after, run);
  return { id: test.id, failure: failure ?? cleanup, milliseconds: performance.now() - started + extra };
}

async function attempt(hooks: readonly Hook[], { cutShort }: Run): Promise<Error | undefined> {
  try {
    for (const hook of hooks) await Promise.race([cutShort(), hook()]);
    return undefined;
  } catch (thrown) {
    return thrown instanceof Error ? thrown : new Error(String(thrown));
  }
}
