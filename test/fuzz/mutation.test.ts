import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, jest, test } from '@jest/globals';
import { withEdit } from './cut.ts';
import { cuts } from './cuts.ts';

jest.setTimeout(600_000);

/** One check of each step, in their order. */
const proven = ['namespace', 'typ', 'one-uri-san', 'own-bundle', 'signature', 'signer-node', 'replay'];

const root = join(import.meta.dirname, '../..');

/** The command as `npm run fuzz` runs it: its output, or a rejection with it. */
async function fuzz(...args: readonly string[]): Promise<string> {
  const running = promisify(execFile)(process.execPath, ['test/fuzz/main.ts', ...args], { cwd: root });
  const { stdout } = await running.catch((failed: unknown) => {
    const { stdout = '', stderr = '' } = failed as { stdout?: string; stderr?: string };
    throw new Error(stdout + stderr);
  });
  return stdout;
}

describe('mutated objects and messages', () => {
  test('20,000 of them find no false accept, no crash and no hang, and reach every step', async () => {
    const text = await fuzz('--count', '20000', '--seed', '20260601');
    expect(text).toMatch(/^20000 inputs in [^]*^false accept: 0$/m);
  });
});

describe('a check cut from the source text', () => {
  test.each(cuts.map((cut) => [cut.id, cut] as const))(
    '%s stands where the fuzzer cuts it',
    (_, { edits }) => {
      for (const edit of edits) {
        const source = readFileSync(join(root, 'src', edit.file), 'utf8');
        expect(withEdit(source, edit)).not.toBe(source);
      }
    },
  );

  // `npm run fuzz -- --cut all` proves all of them.
  test.each(proven)('%s leaves a hole that is found', async (id) => {
    const text = await fuzz('--cut', id, '--count', '20000', '--seed', '20260601');
    expect(text).toContain(`cut ${id}: found`);
  });

  test('of each step one is proven', () => {
    expect(proven.map((id) => cuts.find((cut) => cut.id === id)?.step)).toEqual([1, 2, 3, 4, 5, 6, 7]);
  });
});
