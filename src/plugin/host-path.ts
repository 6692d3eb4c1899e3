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
 * followed into the container. Remembers each link, so that a thousand files below one folder cost little.
 */
export function hostPathResolver(root: string): (path: string) => Resolved {
  const links = new Map<string, string | undefined>();
  const linkAt = (path: string): string | undefined => {
    if (!links.has(path)) links.set(path, readLink(path));
    return links.get(path);
  };

  return (path) => {
    const left = parts(path).reverse();
    let done: readonly string[] = [];
    let followed = 0;
    // Parts of the path as it was asked for that are still to come, and whether the last of them was a link.
    let asked = left.length;
    let endsInLink = false;
    for (let part = left.pop(); part !== undefined; part = left.pop()) {
      asked = Math.min(asked, left.length);
      if (part === '..') {
        done = done.slice(0, -1);
        continue;
      }
      try {
        const target = linkAt(join(root, ...done, part));
        if (target === undefined) {
          done = [...done, part];
          continue;
        }
        if (++followed > mostLinks) throw new Error('too many links');
        if (asked === 0) endsInLink = true;
        if (target.startsWith('/')) done = [];
        left.push(...parts(target).reverse());
      } catch (thrown) {
        if (isAbsent(thrown)) return { absent: true, dangling: endsInLink };
        throw thrown;
      }
    }
    return { real: join(root, ...done) };
  };
}

/** True for the error of a path that does not exist. */
export function isAbsent(thrown: unknown): boolean {
  const code = systemCode(thrown);
  return code === 'ENOENT' || code === 'ENOTDIR';
}

/** The target of a link; undefined for what exists and is no link. */
function readLink(path: string): string | undefined {
  return lstatSync(path).isSymbolicLink() ? readlinkSync(path) : undefined;
}

function parts(path: string): string[] {
  return path.split('/').filter((part) => part !== '' && part !== '.');
}
