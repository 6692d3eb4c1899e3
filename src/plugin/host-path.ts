import { lstatSync, readlinkSync, type Dirent } from 'node:fs';
import { join } from 'node:path';
import { systemCode } from './thrown.ts';

/** As many links as the kernel itself follows in one path (path_resolution(7)). */
const mostLinks = 40;

/** Where a path of the host leads; what is absent may be a link that leads nowhere. */
export type Resolved = { readonly real: string } | { readonly absent: true; readonly dangling: boolean };

/** Finds out where paths of one host lead. */
export interface HostPaths {
  readonly resolve: (path: string) => Resolved;
  /**
   * The same with its last part as it stands, which may be a link or absent: for who opens a file without following links
   * and learns it then. Undefined where the folder is absent, or the path ends in no name.
   */
  readonly nearest: (path: string) => string | undefined;
  /** What stands in a folder, by where it is in this process: of each entry that is known to be a link, or none. */
  readonly learn: (folder: string, entries: readonly Dirent[]) => void;
}

/**
 * Follows links as the host itself would: an absolute target starts at the host's root and `..` never leaves it.
 * Left to this process's kernel, a link of the host such as `/lib/modules/6.1/build -> /usr/src/linux` would be
 * followed into the container. Remembers each link and each folder, so that a thousand files below one folder cost little.
 */
export function hostPaths(root: string): HostPaths {
  const top = join(root, '/').slice(0, -1);
  const links = new Map<string, string | undefined>();
  const isLink = new Set<string>();
  const folders = new Map<string, Resolved>();
  const linkAt = (path: string): string | undefined => {
    if (links.has(path)) return links.get(path);
    const target = readLink(path, isLink.has(path));
    links.set(path, target);
    return target;
  };

  /** From `start`, which is free of links. */
  const follow = (start: string, path: string): Resolved => {
    const left = parts(path).reverse();
    let done = start;
    let followed = 0;
    // Parts of the path as it was asked for that are still to come, and whether the last of them was a link.
    let asked = left.length;
    let endsInLink = false;
    for (let part = left.pop(); part !== undefined; part = left.pop()) {
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
    return { real: done };
  };

  const folderOf = (path: string): Resolved => {
    const found = folders.get(path) ?? follow(top, path);
    folders.set(path, found);
    return found;
  };
  const split = (path: string): readonly [folder: Resolved, name: string] => {
    const slash = Math.max(path.lastIndexOf('/'), 0);
    return [folderOf(path.slice(0, slash)), path.slice(slash)];
  };

  return {
    resolve: (path) => {
      const [folder, name] = split(path);
      if ('absent' in folder) return { absent: true, dangling: false };
      const found = follow(folder.real, name);
      return 'real' in found && found.real === '' ? { real: '/' } : found;
    },
    nearest: (path) => {
      const [folder, name] = split(path);
      return 'real' in folder && isName(name) ? `${folder.real}${name}` : undefined;
    },
    learn: (folder, entries) => {
      for (const entry of entries) {
        const path = join(folder, entry.name);
        if (entry.isSymbolicLink()) isLink.add(path);
        else if (entry.isDirectory() || entry.isFile()) links.set(path, undefined);
      }
    },
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
function readLink(path: string, isLink: boolean): string | undefined {
  try {
    if (isLink) return readlinkSync(path);
    const found = lstatSync(path, { throwIfNoEntry: false });
    if (found === undefined) return absent;
    return found.isSymbolicLink() ? readlinkSync(path) : undefined;
  } catch (thrown) {
    if (isAbsent(thrown)) return absent;
    throw thrown;
  }
}

/** A slash and what names an entry of a folder. */
function isName(text: string): boolean {
  return text.startsWith('/') && !['/', '/.', '/..'].includes(text);
}

function parts(path: string): string[] {
  return path.split('/').filter((part) => part !== '' && part !== '.');
}
