// A worker asks a plugin again only where the host answers otherwise. Here the host changes in every entry in turn.
import {
  cp,
  lstat,
  mkdtemp,
  readdir,
  readFile,
  readlink,
  rename,
  rm,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import type { DiscoveryResult } from '../../../src/plugin/discover.ts';
import { loadBuiltinPlugins } from '../../../src/plugin/load.ts';
import { repeatedDiscovery } from '../../../src/plugin/repeated-discovery.ts';
import { systemClock } from '../../../src/runtime/clock.ts';
import { silentLog } from '../../../src/runtime/log.ts';
import { prepared } from '../../support/prepared.ts';
import { hostNames, hostTree } from './hosts.ts';

type Found = Pick<DiscoveryResult, 'discovery' | 'failures'>;

/** A worker's discovery, with plugins of its own. */
async function discovering(hostRoot: string): Promise<() => Promise<Found>> {
  const plugins = await loadBuiltinPlugins();
  const again = repeatedDiscovery({
    plugins,
    hostRoot,
    log: silentLog,
    clock: systemClock,
    deadlineMs: 60_000,
  });
  return async () => {
    const { discovery, failures } = await again(new AbortController().signal);
    return { discovery, failures };
  };
}

/** Puts something like it in the place of a file or link: other numbers, other words, another target. */
async function alter(path: string): Promise<void> {
  if ((await lstat(path)).isSymbolicLink()) {
    const target = await readlink(path);
    await rm(path);
    await symlink(`${target}-other`, path);
  } else {
    const text = await readFile(path, 'latin1');
    await rm(path);
    await writeFile(path, text.replaceAll(/[0-8a-y]/g, nextCharacter), 'latin1');
  }
}

function nextCharacter(character: string): string {
  return String.fromCharCode(character.charCodeAt(0) + 1);
}

/** Every file and link. */
async function entriesOf(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

describe('a discovery that remembers', () => {
  const copy = prepared(
    () => mkdtemp(join(tmpdir(), 'fs-host-')),
    (folder) => rm(folder, { recursive: true }),
  );

  test.each(hostNames)('finds what one without memory finds, whatever changes on %s', async (name) => {
    const hostRoot = join(copy(), name);
    await cp(hostTree(name), hostRoot, { recursive: true, verbatimSymlinks: true });
    const remembering = await discovering(hostRoot);
    const first = await remembering();
    const told: string[] = [];
    for (const [index, path] of (await entriesOf(hostRoot)).entries()) {
      await rename(path, join(hostRoot, 'aside'));
      await cp(join(hostRoot, 'aside'), path, { verbatimSymlinks: true });
      await (index % 2 === 0 ? alter(path) : rm(path));
      const found = await remembering();
      expect(found).toEqual(await (await discovering(hostRoot))());
      if (!isDeepStrictEqual(found, first)) told.push(path);
      await rm(path, { force: true });
      await rename(join(hostRoot, 'aside'), path);
      expect(await remembering()).toEqual(first);
    }
    // What changed did tell, else nothing was tried here.
    expect(told.length).toBeGreaterThan(5);
  });
});
