import { silentLog } from '../runtime/log.ts';
import { discoverAll, type DiscoverOptions } from './discover.ts';
import { hostOf } from './host/host.ts';
import type { LoadedPlugin } from './load.ts';

/** Where a label comes from. */
export interface Explanation {
  readonly plugin: string;
  readonly value: string;
  /**
   * Paths of the host that are enough to make it, and none of them can be left out; one that was read below `procRoot` is
   * the path there. Empty for what comes from no file.
   */
  readonly files: readonly string[];
}

/**
 * Which plugin gives a label, and from what. It is found out by trying: the plugin is asked again and again with less of
 * the host to see, for as long as the label stays. So no plugin has to keep accounts of its own.
 *
 * @returns undefined where no plugin gives it
 * @throws as discoverAll
 */
export async function explainLabel(key: string, options: DiscoverOptions): Promise<Explanation | undefined> {
  // The later one counts.
  for (const plugin of options.plugins.toReversed()) {
    const looked = new Set<string>();
    const value = await labelOf(plugin, key, options, (path) => {
      looked.add(path);
      return true;
    });
    if (value === undefined) continue;
    const stays = async (visible: ReadonlySet<string>): Promise<boolean> =>
      (await labelOf(plugin, key, options, (path) => visible.has(path))) === value;
    const paths = await smallest([...looked].sort(), stays);
    const files = await Promise.all(paths.map((path) => whereRead(path, options)));
    return { plugin: plugin.name, value, files };
  }
  return undefined;
}

async function labelOf(
  plugin: LoadedPlugin,
  key: string,
  options: DiscoverOptions,
  isVisible: (path: string) => boolean,
): Promise<string | undefined> {
  const alone = { ...options, plugins: [plugin], log: silentLog, isVisible };
  const { labels } = (await discoverAll(alone)).discovery;
  return Object.hasOwn(labels, key) ? labels[key] : undefined;
}

async function whereRead(path: string, { hostRoot, procRoot, signal }: DiscoverOptions): Promise<string> {
  if (procRoot === undefined || (await hostOf({ hostRoot, signal }).exists(path))) return path;
  return (await hostOf({ hostRoot, procRoot, signal }).locate(path)) ?? path;
}

/** Leaves out what can be left out: halves first, then ever smaller parts, single ones at last. */
async function smallest(
  all: readonly string[],
  stays: (part: ReadonlySet<string>) => Promise<boolean>,
): Promise<readonly string[]> {
  let kept = all;
  for (let size = Math.ceil(all.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let start = 0; start < kept.length;) {
      const rest = kept.toSpliced(start, size);
      if (await stays(new Set(rest))) kept = rest;
      else start += size;
    }
  }
  return kept;
}
