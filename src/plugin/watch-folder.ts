import { watch, type FSWatcher } from 'node:fs';
import { stat } from 'node:fs/promises';
import { posix } from 'node:path';
import { wakeable } from '../runtime/wakeable.ts';
import type { WatchContext } from './contract.ts';
import { hostFiles } from './host/files.ts';
import { hostPaths } from './host/paths.ts';
import { isAbsent, reasonOf } from './thrown.ts';

export interface FolderWatch extends WatchContext {
  /** A path of the host. */
  readonly folder: string;
}

/**
 * Calls `onChange` when something in a folder of the host may have changed, also where the folder appears, goes or is
 * replaced; resolves when `signal` aborts. It watches the folder, never a file: a file that is swapped by renaming, as
 * those of a ConfigMap volume are, would be lost with its first swap. Below that it goes no deeper.
 */
export async function watchFolder(options: FolderWatch, onChange: () => void): Promise<void> {
  const { folder, signal, log } = options;
  const wake = wakeable();
  let watched: { readonly place: Place; readonly watcher: FSWatcher } | undefined;
  try {
    while (!signal.aborted) {
      const place = await nearestFolder(options);
      if (watched === undefined || !isSame(watched.place, place)) {
        if (watched?.place.isWhole === true) onChange();
        watched?.watcher.close();
        const watcher = watchPlace(place, options, wake.ring);
        watched = watcher && { place, watcher };
        // Looked at once more: what changed before this watch began told nobody.
        wake.ring();
      } else if (place.isWhole) {
        onChange();
      }
      await wake.wait(signal);
    }
  } catch (thrown) {
    // Too many watches of this user, for one. The folder is still read at every interval.
    log.warn('a folder cannot be watched', { folder, reason: reasonOf(thrown) });
  } finally {
    watched?.watcher.close();
  }
}

/** The folder, or the nearest one above it that exists. */
interface Place {
  readonly path: string;
  /** What tells a folder from one that was made anew in its place; file systems use numbers again at once. */
  readonly identity: string;
  readonly isWhole: boolean;
}

async function nearestFolder({ hostRoot, folder }: FolderWatch): Promise<Place> {
  const { resolve } = hostPaths(hostRoot, hostFiles());
  for (let at = folder; ; at = posix.dirname(at)) {
    const found = resolve(at);
    try {
      if ('absent' in found) continue;
      const { dev, ino, birthtimeNs } = await stat(found.real, { bigint: true });
      return { path: found.real, identity: [dev, ino, birthtimeNs].join(' '), isWhole: at === folder };
    } catch (thrown) {
      // Gone meanwhile: the one above it counts.
      if (at === '/' || !isAbsent(thrown)) throw thrown;
    }
  }
}

/** undefined where the place has gone meanwhile. */
function watchPlace(
  { path }: Place,
  { folder, log }: FolderWatch,
  onEvent: () => void,
): FSWatcher | undefined {
  try {
    const watcher = watch(path, { persistent: false }, onEvent);
    watcher.on('error', (error) => {
      log.debug('a folder can no longer be watched', { folder, reason: error.message });
    });
    return watcher;
  } catch (thrown) {
    if (isAbsent(thrown)) return undefined;
    throw thrown;
  }
}

function isSame(a: Place, b: Place): boolean {
  return a.path === b.path && a.identity === b.identity;
}
