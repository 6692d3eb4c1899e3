import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import system from '../../../../plugins/system/index.ts';
import { silentLog } from '../../../../src/runtime/log.ts';

let hostRoot: string;
beforeEach(async () => {
  hostRoot = await mkdtemp(join(tmpdir(), 'featureseal-system-'));
  await mkdir(join(hostRoot, 'etc'));
  await mkdir(join(hostRoot, 'usr/lib'), { recursive: true });
});
afterEach(() => rm(hostRoot, { recursive: true, force: true }));

async function osRelease(files: Readonly<Record<string, string>>) {
  for (const [path, text] of Object.entries(files)) await writeFile(join(hostRoot, path), text);
  const signal = new AbortController().signal;
  const { features } = await system(undefined).discover({
    hostRoot,
    now: new Date(0),
    signal,
    log: silentLog,
  });
  return features.attributes;
}

describe('os-release', () => {
  test('falls back to the vendor file where /etc has none', async () => {
    const found = await osRelease({ 'usr/lib/os-release': 'ID=vendor\n' });
    expect(found['osrelease']?.elements).toEqual({ ID: 'vendor' });
  });

  test('of /etc counts where both exist', async () => {
    const found = await osRelease({ 'etc/os-release': 'ID=own\n', 'usr/lib/os-release': 'ID=vendor\nX=y\n' });
    expect(found['osrelease']?.elements).toEqual({ ID: 'own' });
  });

  test.each<[string, Readonly<Record<string, string>>]>([
    ['22.04', { 'VERSION_ID.major': '22', 'VERSION_ID.minor': '04' }],
    ['3.19.1', { 'VERSION_ID.major': '3', 'VERSION_ID.minor': '19' }],
    ['40', { 'VERSION_ID.major': '40' }],
    ['4.x', { 'VERSION_ID.major': '4' }],
    ['rolling', {}],
    ['v1.2', {}],
  ])('VERSION_ID %s has the numbers %j', async (version, numbers) => {
    const found = await osRelease({ 'etc/os-release': `VERSION_ID="${version}"\n` });
    expect(found['osrelease']?.elements).toEqual({ VERSION_ID: version, ...numbers });
  });

  test('has no name of a node where the worker names none', async () => {
    expect(Object.keys(await osRelease({ 'etc/os-release': 'ID=own\n' }))).toEqual(['osrelease']);
  });
});
