import { join } from 'node:path';
import { noEntry, type HostFiles } from './files.ts';

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
}

/**
 * Follows links as the host itself would: an absolute target starts at the host's root and `..` never leaves it.
 * Left to this process's kernel, a link of the host such as `/lib/modules/6.1/build -> /usr/src/linux` would be
 * followed into the container. Remembers each folder, as `files` remember each link.
 */
export function hostPaths(root: string, files: HostFiles): HostPaths {
  const top = join(root, '/').slice(0, -1);
  const folders = new Map<string, Resolved>();

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
      const target = files.link(at);
      if (target === noEntry) return { absent: true, dangling: endsInLink };
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
  };
}

/** A slash and what names an entry of a folder. */
function isName(text: string): boolean {
  return text.startsWith('/') && !['/', '/.', '/..'].includes(text);
}

function parts(path: string): string[] {
  return path.split('/').filter((part) => part !== '' && part !== '.');
}
