import { lstatSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { systemCode } from './thrown.ts';

/** As many links as the kernel itself follows in one path (path_resolution(7)). */
const mostLinks = 40;

/** Where a path of the host leads; what is absent may be a link that leads nowhere. */
export type Resolved = { readonly real: string } | { readonly absent: true; readonly dangling: boolean };

/**
 * Follows links as the host itself would: an absolute target starts at the host's root and `..` never leaves it.
 * Left to this process's kernel, a link of the host such as `/lib/modules/6.1/build -> /usr/src/linux` would be
 * followed into the container. Remembers each link and each folder, so that a thousand files below one folder cost little.
 */
export function hostPathResolver(root: string): (path: string) => Resolved {
  const top = join(root, '/').slice(0, -1);
  const links = new Map<string, string | undefined>();
  const folders = new Map<string, string>();
  const linkAt = (path: string): string | undefined => {
    if (!links.has(path)) links.set(path, readLink(path));
    return links.get(path);
  };

  /** From `start`, which is free of links. `onLast` is told where the folder of the path's last part is. */
  const follow = (start: string, path: string, onLast: (folder: string) => void): Resolved => {
    const left = parts(path).reverse();
    let done = start;
    let followed = 0;
    // Parts of the path as it was asked for that are still to come, and whether the last of them was a link.
    let asked = left.length;
    let endsInLink = false;
    for (let part = left.pop(); part !== undefined; part = left.pop()) {
      if (asked > 0 && left.length === 0) onLast(done);
      asked = Math.min(asked, left.length);
      if (part === '..') {
        done = done === top ? top : done.slice(0, done.lastIndexOf('/'));
        continue;
      }
      const at = `${done}/${part}`;
      const target = linkAt(at);
      if (target === absent) return { absent: true, dangling: endsInLink };
      if (target === undefined) {
        done = at;
        continue;
      }
      if (++followed > mostLinks) throw new Error('too many links');
      if (asked === 0) endsInLink = true;
      if (target.startsWith('/')) done = top;
      left.push(...parts(target).reverse());
    }
    return { real: done === '' ? '/' : done };
  };

  return (path) => {
    const slash = path.lastIndexOf('/');
    // A path without any is one below the root.
    const [folder, name] = [path.slice(0, Math.max(slash, 0)), path.slice(slash + 1)];
    const known = folders.get(folder);
    if (known !== undefined) return follow(known, name, () => undefined);
    return follow(top, path, (real) => {
      // Not where the path ends in a slash or a dot: its last part is one of the folder's own then.
      if (name !== '' && name !== '.') folders.set(folder, real);
    });
  };
}

/** True for the error of a path that does not exist. */
export function isAbsent(thrown: unknown): boolean {
  const code = systemCode(thrown);
  return code === 'ENOENT' || code === 'ENOTDIR';
}

/** No link has this target. */
const absent = '';

/** The target of a link; undefined for what exists and is no link, {@link absent} for what does not exist. */
function readLink(path: string): string | undefined {
  try {
    const found = lstatSync(path, { throwIfNoEntry: false });
    if (found === undefined) return absent;
    return found.isSymbolicLink() ? readlinkSync(path) : undefined;
  } catch (thrown) {
    if (isAbsent(thrown)) return absent;
    throw thrown;
  }
}

function parts(path: string): string[] {
  return path.split('/').filter((part) => part !== '' && part !== '.');
}
