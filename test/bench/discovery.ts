import { readFileSync } from 'node:fs';
import { discoverAll } from '../../src/plugin/discover.ts';
import { loadBuiltinPlugins, type LoadedPlugin } from '../../src/plugin/load.ts';
import { repeatedDiscovery } from '../../src/plugin/repeated-discovery.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { silentLog } from '../../src/runtime/log.ts';
import type { Subject } from './interleaved.ts';
import { filesReadBy } from './traced-files.ts';

/** All sources on this host as a worker discovers them, first and again and again, beside reading the very same files. */
export async function discoverySubjects(): Promise<readonly Subject[]> {
  const plugins = await loadBuiltinPlugins();
  const again = discovering(plugins);
  let first = discovering(plugins);
  const files = await filesReadBy(first);
  return [
    {
      name: `discovery: floor, reading the same ${String(files.length)} files`,
      run: () => {
        for (const file of files) tryRead(file);
      },
    },
    { name: 'discovery: all sources, again', run: again },
    { name: 'discovery: all sources, again, every plugin asked', run: () => discoverOnce(plugins) },
    {
      name: 'discovery: all sources, for the first time',
      prepare: async () => {
        first = discovering(await loadBuiltinPlugins());
      },
      run: () => first(),
    },
  ];
}

const host = { hostRoot: '/', log: silentLog, clock: systemClock, deadlineMs: 60_000 };

function discovering(plugins: readonly LoadedPlugin[]): () => Promise<unknown> {
  const discover = repeatedDiscovery({ ...host, plugins });
  return () => discover(new AbortController().signal);
}

/** As where the host answers every plugin otherwise than before. */
function discoverOnce(plugins: readonly LoadedPlugin[]): Promise<unknown> {
  return discoverAll({ ...host, plugins, signal: new AbortController().signal });
}

function tryRead(file: string): void {
  try {
    readFileSync(file);
  } catch {
    // As a plugin finds it: some files of a host are not to be read.
  }
}
