import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, expect, test } from '@jest/globals';

const root = join(import.meta.dirname, '../../..');
const main = join(root, 'src/cli/main.ts');

function start(...args: string[]): ChildProcessWithoutNullStreams {
  return spawn(process.execPath, [main, ...args]);
}

/** Exit status, or the signal that ended it. */
async function end(child: ChildProcessWithoutNullStreams): Promise<unknown> {
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
  return code ?? signal;
}

describe('the command as a process', () => {
  test('--version is the version of the package', async () => {
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
    const child = start('--version');
    const [out, status] = await Promise.all([text(child.stdout), end(child)]);
    expect({ out, status }).toEqual({ out: `${version}\n`, status: 0 });
  });

  test('wrong use exits 2 with nothing on standard output', async () => {
    const child = start('discovr');
    const [out, err, status] = await Promise.all([text(child.stdout), text(child.stderr), end(child)]);
    expect({ out, status }).toEqual({ out: '', status: 2 });
    expect(err).toMatch(/^featureseal: \[usage\] unknown command 'discovr'\n\(Did you mean discover\?\)\n/);
  });

  test('a reader that leaves early ends it quietly', async () => {
    const child = start('--help');
    child.stdout.destroy();
    const [err, status] = await Promise.all([text(child.stderr), end(child)]);
    expect({ err, status }).toEqual({ err: '', status: 141 });
  });

  test('output that cannot be written is an error', async () => {
    const child = spawn('sh', ['-c', 'exec "$@" >/dev/full', 'sh', process.execPath, main, '--help']);
    const [err, status] = await Promise.all([text(child.stderr), end(child)]);
    expect(status).toBe(1);
    expect(err).toMatch(/^featureseal: \[file-unwritable\] standard output: .*ENOSPC.*\n$/);
  });

  test.each([
    ['SIGINT', 130],
    ['SIGTERM', 0],
  ] as const)('a command that runs until stopped ends in order at %s, with %d', async (signal, status) => {
    const folder = await mkdtemp(join(tmpdir(), 'featureseal-'));
    try {
      const child = start('identity', '--socket-dir', folder, '--id', 'a=spiffe://example.org/a');
      await once(child.stdout, 'data');
      child.kill(signal);
      expect(await end(child)).toBe(status);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
