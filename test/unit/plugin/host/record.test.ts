import { mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { beforeEach, describe, expect, test } from '@jest/globals';
import { hostFiles } from '../../../../src/plugin/host/files.ts';
import { recorded } from '../../../../src/plugin/host/record.ts';
import { hostOf } from '../../../../src/plugin/host/host.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';

const path = temporaryFolder();
const { signal } = new AbortController();

/** What a plugin asked of the folder of the test, and whether it is answered the same now. */
async function asked(): Promise<(stop?: AbortSignal) => Promise<boolean>> {
  const { files, record } = recorded(hostFiles());
  const host = hostOf({ hostRoot: path(''), signal, files });
  await host.text('/value', 100);
  await host.text('/by-link', 100);
  await host.head('/long', 4);
  await host.list('/folder');
  await host.exists('/absent');
  await expect(host.text('/folder', 100)).rejects.toThrow('is a directory');
  return (stop = signal) => record.holds(hostFiles(), stop);
}

beforeEach(async () => {
  await writeFile(path('value'), '1');
  await writeFile(path('other'), '1');
  await symlink('value', path('by-link'));
  await writeFile(path('long'), 'one\ntwo\n');
  await mkdir(path('folder'));
  await writeFile(path('folder/file'), '');
  await writeFile(path('folder/second'), '');
});

describe('what a host answered', () => {
  test.each<[what: string, change: () => Promise<unknown>]>([
    ['nothing changed', () => Promise.resolve()],
    ['a file was written again as it was', () => writeFile(path('value'), '1')],
    ['what was not asked for changed', () => writeFile(path('other'), '2')],
    ['the part of a file changed that was not read', () => writeFile(path('long'), 'one\nTWO\n')],
    ['a file in a folder changed that was only listed', () => writeFile(path('folder/file'), '2')],
  ])('holds where %s', async (_, change) => {
    const holds = await asked();
    await change();
    await expect(holds()).resolves.toBe(true);
  });

  test.each<[what: string, change: () => Promise<unknown>]>([
    ['a file says something else', () => writeFile(path('value'), '2')],
    ['a file says more', () => writeFile(path('value'), '11')],
    ['a file is gone', () => rm(path('value'))],
    ['the part of a file changed that was read', () => writeFile(path('long'), 'One\ntwo\n')],
    ['something is there that was not', () => writeFile(path('absent'), '')],
    ['a folder has one more', () => writeFile(path('folder/third'), '')],
    ['a folder has one less', () => rm(path('folder/second'))],
    ['a folder has another one', () => rename(path('folder/second'), path('folder/third'))],
    [
      'a link leads to the same elsewhere',
      async () => {
        await rm(path('by-link'));
        await symlink('other', path('by-link'));
      },
    ],
    [
      'a file became a link to the same',
      async () => {
        await rm(path('value'));
        await symlink('other', path('value'));
      },
    ],
    [
      'a file of a folder became a link',
      async () => {
        await rm(path('folder/file'));
        await symlink('second', path('folder/file'));
      },
    ],
    [
      'what could not be read can be',
      async () => {
        await rm(path('folder'), { recursive: true });
        await writeFile(path('folder'), '');
      },
    ],
  ])('does not hold where %s', async (_, change) => {
    const holds = await asked();
    await change();
    await expect(holds()).resolves.toBe(false);
  });

  test('is not asked for any more once the discovery was stopped', async () => {
    const holds = await asked();
    await expect(holds(AbortSignal.abort())).resolves.toBe(false);
  });
});
