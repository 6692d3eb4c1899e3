import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { watchFolder } from '../../../src/plugin/watch-folder.ts';
import { watchPlugins } from '../../../src/plugin/watch-plugins.ts';
import { until } from '../../support/until.ts';
import { recordingLog } from './recording-log.ts';

let hostRoot: string;
let stop: AbortController;
let running: Promise<void>;
let changes: number;

beforeEach(async () => {
  hostRoot = await mkdtemp(join(tmpdir(), 'featureseal-watch-'));
  stop = new AbortController();
  changes = 0;
});
afterEach(async () => {
  stop.abort();
  await running;
  await rm(hostRoot, { recursive: true, force: true });
});

/** Watches /a/b of the host, and waits until the watch stands: each told change is one more. */
function watch(): void {
  const { log } = recordingLog();
  running = watchFolder({ hostRoot, folder: '/a/b', signal: stop.signal, log }, () => (changes += 1));
}
/** Does something and waits until it is told. */
async function told(act: () => Promise<unknown>): Promise<void> {
  const before = changes;
  await act();
  await until(() => changes > before);
}
const path = (...names: readonly string[]): string => join(hostRoot, 'a/b', ...names);

describe('a watched folder', () => {
  test('tells of files that come, change, go and are renamed', async () => {
    await mkdir(path(), { recursive: true });
    await told(async () => watch());
    await told(() => writeFile(path('x'), '1'));
    await told(() => writeFile(path('x'), '2'));
    await told(() => rename(path('x'), path('y')));
    await told(() => rm(path('y')));
  });

  test('tells of every swap of a ConfigMap volume', async () => {
    await mkdir(path('..1'), { recursive: true });
    await symlink('..1', path('..data'));
    await told(async () => watch());
    for (const turn of ['..2', '..3', '..4']) {
      await told(async () => {
        await mkdir(path(turn));
        await symlink(turn, path('..data_tmp'));
        await rename(path('..data_tmp'), path('..data'));
      });
    }
  });

  test('is watched once it appears, and when it is made anew', async () => {
    watch();
    for (const _turn of [1, 2, 3]) {
      await told(() => mkdir(path(), { recursive: true }));
      await told(() => writeFile(path('x'), '1'));
      await told(() => rm(join(hostRoot, 'a'), { recursive: true }));
    }
  });

  test('says so where it cannot be watched, and ends', async () => {
    const { log, lines } = recordingLog();
    await symlink('b', join(hostRoot, 'b'));
    running = watchFolder({ hostRoot, folder: '/b', signal: stop.signal, log }, () => undefined);
    await running;
    expect(lines).toMatchObject([
      {
        level: 'warn',
        message: 'a folder cannot be watched',
        fields: { folder: '/b', reason: 'too many links' },
      },
    ]);
  });
});

describe('plugins that watch', () => {
  test('are asked, with their own log; one that fails is told of and disturbs nobody', async () => {
    const { log, lines } = recordingLog();
    const discover = async (): Promise<unknown> => undefined;
    const plugins = [
      { name: 'still', discover },
      { name: 'broken', discover, watch: () => Promise.reject(new Error('no more')) },
      { name: 'lively', discover, watch: async (_: unknown, onChange: () => void) => onChange() },
    ];
    running = watchPlugins({ plugins, hostRoot, log, signal: stop.signal }, () => (changes += 1));
    await running;
    expect(changes).toBe(1);
    expect(lines).toEqual([
      { level: 'warn', message: 'plugin no longer watches', fields: { reason: 'no more', plugin: 'broken' } },
    ]);
  });
});
