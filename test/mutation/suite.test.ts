import { describe, expect, test } from '@jest/globals';
import { emptyGroup, runTests, type Group, type Run, type Test } from './suite.ts';

function tree(log: string[], failing: readonly string[] = []): Group {
  const step = (name: string) => () => {
    log.push(name);
    if (failing.includes(name)) throw new Error(name);
  };
  const group = (name: string, ...children: (Group | Test)[]): Group => ({
    ...emptyGroup(name),
    children,
    beforeAll: [step(`${name}: before all`)],
    beforeEach: [step(`${name}: before each`)],
    afterEach: [step(`${name}: after each`)],
    afterAll: [step(`${name}: after all`)],
  });
  const one = (id: string): Test => ({ id, body: step(id), skipped: false });
  return group('outer', one('a'), group('inner', one('b'), one('c')));
}

async function ran(failing: readonly string[], options: Partial<Run> = {}) {
  const log: string[] = [];
  const attributed: string[] = [];
  const outcomes = await runTests(tree(log, failing), {
    wanted: () => true,
    attribute: (tests) => void attributed.push(tests.map(({ id }) => id).join(' ')),
    bail: false,
    cutShort: () => Promise.withResolvers<never>().promise,
    ...options,
  });
  const failed = outcomes.filter(({ failure }) => failure !== undefined).map(({ id }) => id);
  return { log, attributed, failed };
}

describe('a tree of tests', () => {
  test('runs with its hooks around it, from outside in and back', async () => {
    const { log } = await ran([], { wanted: ({ id }) => id === 'b' });
    expect(log).toEqual([
      'outer: before all',
      'inner: before all',
      'outer: before each',
      'inner: before each',
      'b',
      'inner: after each',
      'outer: after each',
      'inner: after all',
      'outer: after all',
    ]);
  });

  test('runs no hook of a group of which nothing is wanted', async () => {
    const { log } = await ran([], { wanted: ({ id }) => id === 'a' });
    expect(log.filter((step) => step.startsWith('inner'))).toEqual([]);
  });

  test('tells for whom it runs: a hook for all tests below it', async () => {
    const { attributed } = await ran([]);
    expect(attributed).toEqual(['a b c', 'a', 'b c', 'b', 'c', 'b c', 'a b c']);
  });

  test.each<[string, readonly string[]]>([
    ['a', ['a']],
    ['inner: before all', ['b', 'c']],
    ['inner: before each', ['b', 'c']],
    ['inner: after each', ['b', 'c']],
    ['inner: after all', ['c']],
    ['outer: before all', ['a', 'b', 'c']],
  ])('where %s fails, these fail: %j', async (step, expected) => {
    expect((await ran([step])).failed).toEqual(expected);
  });

  test('stops at the first failure where it is told to, and still cleans up', async () => {
    const { log, failed } = await ran(['b'], { bail: true });
    expect(failed).toEqual(['b']);
    expect(log).not.toContain('c');
    expect(log.slice(-2)).toEqual(['inner: after all', 'outer: after all']);
  });

  test('an error that nobody can catch fails the test that runs', async () => {
    const group = emptyGroup('x');
    group.children.push({ id: 'a', body: () => Promise.withResolvers().promise, skipped: false });
    const cutShort = () => Promise.reject(new Error('thrown elsewhere'));
    const run: Run = { wanted: () => true, attribute: () => undefined, bail: true, cutShort };
    expect(await runTests(group, run)).toMatchObject([{ id: 'a', failure: { message: 'thrown elsewhere' } }]);
  });
});
