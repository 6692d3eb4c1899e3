import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readdirSync,
  readlinkSync,
  readSync,
  type Dirent,
} from 'node:fs';
import { join } from 'node:path';
import { isAbsent } from '../thrown.ts';

/**
 * What the system answers of paths in this process, with no link followed. Synchronous: the files are the kernel's own
 * memory and take microseconds, a turn of the event loop for each of some thousand takes far longer
 * (docs/decisions/reading-the-host.md). Throws what the system throws, and {@link Unsuitable}.
 */
export interface HostFiles {
  /** The target of a link; undefined for what exists and is no link, {@link noEntry} for what does not exist. */
  link(path: string): string | undefined;
  /** The first `most` bytes of a regular file. */
  read(path: string, most: number): Uint8Array;
  /** What stands in a folder, in no order. */
  list(path: string): readonly Dirent[];
}

/** No link has this target. */
export const noEntry = '';

/** After so many questions the process turns to its other work. */
export const questionsInARow = 64;

/** What is there and is no regular file. */
export class Unsuitable extends Error {}

/** The size of every attribute of sysfs, which gives all it has at the first read (Linux, Documentation/filesystems/sysfs). */
const sysfsBytes = 4096;
/** Nearly every file fits. One for all: what is read there is copied before anything else runs. */
const scratch = Buffer.allocUnsafeSlow(64 * 1024);
/** Links are followed before: one that appears meanwhile is a race, and is refused. A FIFO must not block. */
const openFlags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** The files of one discovery. Remembers each link, so that a thousand files below one folder cost little. */
export function hostFiles(): HostFiles {
  const links = new Map<string, string | undefined>();
  const isLink = new Set<string>();
  return {
    link(path) {
      if (links.has(path)) return links.get(path);
      const target = readLink(path, isLink.has(path));
      links.set(path, target);
      return target;
    },
    read: readRegular,
    list(path) {
      const entries = readdirSync(path, { withFileTypes: true });
      for (const entry of entries) {
        const at = join(path, entry.name);
        if (entry.isSymbolicLink()) isLink.add(at);
        else if (entry.isDirectory() || entry.isFile()) links.set(at, undefined);
      }
      return entries;
    },
  };
}

function readLink(path: string, isLink: boolean): string | undefined {
  try {
    if (isLink) return readlinkSync(path);
    const found = lstatSync(path, { throwIfNoEntry: false });
    if (found === undefined) return noEntry;
    return found.isSymbolicLink() ? readlinkSync(path) : undefined;
  } catch (thrown) {
    if (isAbsent(thrown)) return noEntry;
    throw thrown;
  }
}

function readRegular(path: string, most: number): Uint8Array {
  const descriptor = openSync(path, openFlags);
  try {
    const kind = fstatSync(descriptor);
    if (kind.isDirectory()) throw new Unsuitable('is a directory');
    if (!kind.isFile()) throw new Unsuitable('is not a regular file');
    return readUpTo(descriptor, most, kind.size);
  } finally {
    closeSync(descriptor);
  }
}

/** `size` is what the file says of itself: procfs and sysfs know none, so the bound is on what is read. */
function readUpTo(descriptor: number, most: number, size: number): Uint8Array {
  let buffer = size < scratch.length ? scratch : Buffer.allocUnsafe(Math.min(size + 1, most));
  let length = 0;
  while (length < most) {
    if (length === buffer.length) buffer = Buffer.concat([buffer], Math.min(2 * length, most));
    const asked = Math.min(buffer.length, most) - length;
    const bytesRead = readSync(descriptor, buffer, length, asked, null);
    if (bytesRead === 0) break;
    length += bytesRead;
    if (size === sysfsBytes && bytesRead < asked) break;
  }
  const content = buffer.subarray(0, length);
  return buffer === scratch ? Buffer.from(content) : content;
}
