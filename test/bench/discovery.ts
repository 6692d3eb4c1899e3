import { readFileSync } from 'node:fs';
import { discoverAll } from '../../src/plugin/discover.ts';
import { loadBuiltinPlugins, type LoadedPlugin } from '../../src/plugin/load.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { silentLog } from '../../src/runtime/log.ts';
import type { Subject } from './interleaved.ts';
import { filesReadBy } from './traced-files.ts';

/** All sources on this host, beside reading the very same files: first and again and again, as a worker does. */
export async function discoverySubjects(): Promise<readonly Subject[]> {
  const plugins = await loadBuiltinPlugins();
  const files = await filesReadBy(() => discover(plugins));
  let fresh = plugins;
  return [
    {
      name: `discovery: floor, reading the same ${String(files.length)} files`,
      run: () => {
        for (const file of files) tryRead(file);
      },
    },
    { name: 'discovery: all sources, again', run: () => discover(plugins) },
    {
      name: 'discovery: all sources, for the first time',
      prepare: async () => {
        fresh = await loadBuiltinPlugins();
      },
      run: () => discover(fresh),
    },
  ];
}

function discover(plugins: readonly LoadedPlugin[]): Promise<unknown> {
  return discoverAll({
    plugins,
    hostRoot: '/',
    signal: new AbortController().signal,
    log: silentLog,
    clock: systemClock,
    deadlineMs: 60_000,
  });
}

function tryRead(file: string): void {
  try {
    readFileSync(file);
  } catch {
    // As a plugin finds it: some files of a host are not to be read.
  }
}
