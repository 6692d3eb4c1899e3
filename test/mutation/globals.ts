// What test files get for '@jest/globals' here: the same words, which write down what is to be run.
import { format } from 'node:util';
import { emptyGroup, type Group, type Hook } from './suite.ts';

export { expect } from 'expect';

let path: string[] = [];
let group = emptyGroup('');
let seen = new Map<string, number>();

/** Collects the tests that loading a file declares; one file after the other. */
export async function declaredBy(file: string, load: () => Promise<unknown>): Promise<Group> {
  const root = emptyGroup(file);
  path = [file];
  group = root;
  seen = new Map();
  await load();
  return root;
}

function declareGroup(name: string, body: () => void, skipped: boolean): void {
  const outer = group;
  const inner = emptyGroup(name, skipped || outer.skipped);
  outer.children.push(inner);
  group = inner;
  path.push(name);
  try {
    body();
  } finally {
    path.pop();
    group = outer;
  }
}

function declareTest(name: string, body: Hook, skipped = false): void {
  const title = [...path, name].join(' > ');
  const count = (seen.get(title) ?? 0) + 1;
  seen.set(title, count);
  const id = count === 1 ? title : `${title} (${count})`;
  const position = callInTestFile();
  group.children.push({ id, body, skipped: skipped || group.skipped, ...(position && { position }) });
}

/** Tells which tests of a file that changed are still the same. */
function callInTestFile(): { line: number; column: number } | undefined {
  const [, line, column] = /\.test\.ts\?\S*?:(\d+):(\d+)/.exec(String(new Error().stack)) ?? [];
  return line === undefined ? undefined : { line: Number(line) - 1, column: Number(column) - 1 };
}

type Row = readonly unknown[];
type RowBody = (...row: Row) => unknown;

/** A row that is no list is one argument; placeholders of the title are those of util.format, and %p. */
function each(declare: (name: string, body: Hook) => void) {
  return (table: Row) =>
    (title: string, body: RowBody): void => {
      const placeholders = title.match(/%[sdifjopO]/g)?.length ?? 0;
      for (const entry of table) {
        const row: Row = Array.isArray(entry) ? entry : [entry];
        const name = format(title.replaceAll('%p', '%j'), ...row.slice(0, placeholders));
        declare(name, () => body(...row));
      }
    };
}

export const describe = Object.assign(
  (name: string, body: () => void): void => declareGroup(name, body, false),
  {
    skip: (name: string, body: () => void): void => declareGroup(name, body, true),
    each: each((name, body) => declareGroup(name, () => void body(), false)),
  },
);

export const test = Object.assign((name: string, body: Hook): void => declareTest(name, body), {
  skip: (name: string, body: Hook): void => declareTest(name, body, true),
  each: each(declareTest),
});

export const beforeAll = (hook: Hook): void => void group.beforeAll.push(hook);
export const beforeEach = (hook: Hook): void => void group.beforeEach.push(hook);
export const afterEach = (hook: Hook): void => void group.afterEach.push(hook);
export const afterAll = (hook: Hook): void => void group.afterAll.push(hook);
