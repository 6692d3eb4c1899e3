import type { DiscoverContext } from '../../src/plugin/contract.ts';
import { unreadable, type Host } from '../../src/plugin/host/host.ts';
import { reasonOf } from '../../src/plugin/thrown.ts';
import { earliest, parseFeatureFile, type LocalFeatures } from './parse.ts';

const maxBytes = 64 * 1024;

/** All feature files of a folder in the order of their names: what a later one says of a key counts. */
export async function readFeatureFiles(
  host: Host,
  folder: string,
  { log, signal, now }: DiscoverContext,
): Promise<LocalFeatures> {
  const features = new Map<string, string>();
  const labels = new Map<string, string>();
  const expiries: number[] = [];
  const names = await host.list(folder);
  if (names === undefined) log.debug('the host has no folder of feature files', { folder });
  // A name with a dot first is hidden: an editor's, or what a ConfigMap volume swaps by renaming.
  for (const name of names?.filter((each) => !each.startsWith('.')) ?? []) {
    const path = `${folder}/${name}`;
    try {
      const text = await readInside(host, folder, path);
      if (text === undefined) continue;
      const found = parseFeatureFile(text, now, (problem, line) => {
        log.warn('line of a feature file left out', { file: path, line, reason: problem });
      });
      for (const [key, value] of found.features) features.set(key, value);
      for (const [key, value] of found.labels) labels.set(key, value);
      if (found.expiry !== undefined) expiries.push(found.expiry.getTime());
    } catch (thrown) {
      signal.throwIfAborted();
      log.warn('feature file left out', { reason: reasonOf(thrown) });
    }
  }
  return { features, labels, expiry: earliest(expiries) };
}

/**
 * The text of a file that truly is in the folder; undefined for a folder in it. Who may write there must not get other
 * files of the host published by linking to them. The links of a ConfigMap volume stay inside.
 */
async function readInside(host: Host, folder: string, path: string): Promise<string | undefined> {
  const home = await host.locate(folder);
  const real = await host.locate(path);
  if (real === undefined || home === undefined) return undefined;
  if (!real.startsWith(`${home}/`)) throw unreadable(path, 'is a link that leads out of its folder');
  const isFolder = (await host.list(path)) !== undefined;
  return isFolder ? undefined : await host.text(path, maxBytes);
}
