import { closeSync, constants, fstatSync, openSync, readdirSync, readSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import { FeaturesealError } from '../error.ts';
import type { DiscoverContext, Host } from './contract.ts';
import { hostPaths, isAbsent, type HostPaths } from './host-path.ts';
import { kernelFileFinder } from './kernel-file.ts';
import { reasonOf, systemCode } from './thrown.ts';

/** Most entries of a folder that are read. */
const mostEntries = 16_384;
/** Most bytes of a file that holds one value; sysfs gives at most one page. */
const valueBytes = 4096;
/** The size of every attribute of sysfs, which gives all it has at the first read (Linux, Documentation/filesystems/sysfs). */
const sysfsBytes = 4096;
/** Nearly every file fits. One for all: what is read there is copied before anything else runs. */
const scratch = Buffer.allocUnsafeSlow(64 * 1024);
const utf8 = new TextDecoder('utf-8', { fatal: true });
/** After so many files the process turns to its other work. */
const filesInARow = 64;
/** Links are followed before: one that appears meanwhile is a race, and is refused. A FIFO must not block. */
const openFlags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

export type { Host };

/** The error of a file of the host that is there and cannot be used. */
export function unreadable(path: string, reason: string, cause?: unknown): FeaturesealError {
  return new FeaturesealError({ code: 'file-unreadable', message: `${path}: ${reason}`, cause });
}

export interface HostOptions extends Pick<DiscoverContext, 'hostRoot' | 'signal'> {
  /** Of the host root; several hosts of one discovery may share what they know of its links. */
  readonly paths?: HostPaths;
  /**
   * A procfs, for the files of the kernel that the host root has not got; absent where there is nothing but the host root,
   * as for a tree that was copied from another machine.
   */
  readonly procRoot?: string;
  /** Asked for each path that is looked at; what it denies is absent. */
  readonly isVisible?: (path: string) => boolean;
}

/** The host that a plugin shall look at. */
export function hostOf(options: HostOptions): Host {
  const { hostRoot, procRoot, signal, isVisible = () => true, paths = hostPaths(hostRoot) } = options;
  const findKernelFile = procRoot === undefined ? () => undefined : kernelFileFinder(procRoot);
  let inARow = 0;

  /** A path that is gone is undefined; what the system says of the others is explained by the path. */
  const explained = async <Result>(path: string, work: () => Result | undefined) => {
    try {
      if (++inARow % filesInARow === 0) await setImmediate();
      signal.throwIfAborted();
      return work();
    } catch (thrown) {
      if (isAbsent(thrown)) return undefined;
      if (signal.aborted || thrown instanceof FeaturesealError) throw thrown;
      const reason = systemCode(thrown) ?? reasonOf(thrown);
      throw unreadable(path, `cannot be read (${reason})`, thrown);
    }
  };

  const find = (path: string): string | undefined => {
    if (!isVisible(path)) return undefined;
    const found = paths.resolve(path);
    if ('real' in found) return found.real;
    if (found.dangling) throw unreadable(path, 'is a dangling link');
    return findKernelFile(path);
  };
  /** Most files are no links: opened at once they cost a look less. */
  const open = (path: string): number | undefined => {
    const nearest = isVisible(path) ? paths.nearest(path) : undefined;
    try {
      if (nearest !== undefined) return openSync(nearest, openFlags);
    } catch (thrown) {
      if (isAbsent(thrown)) return openReal(findKernelFile(path));
      // A link, which may lead anywhere.
      if (systemCode(thrown) !== 'ELOOP') throw thrown;
    }
    return openReal(find(path));
  };

  const read = (path: string, maxBytes: number, cut = false): Uint8Array | undefined => {
    const descriptor = open(path);
    return descriptor === undefined ? undefined : readRegular({ path, descriptor, maxBytes, cut });
  };
  const text = (path: string, maxBytes: number): string | undefined => {
    const content = read(path, maxBytes);
    return content && decodeText(path, content);
  };

  return {
    locate: (path) => explained(path, () => find(path)),
    exists: async (path) => (await explained(path, () => find(path))) !== undefined,
    bytes: (path, maxBytes) => explained(path, () => read(path, maxBytes)),
    text: (path, maxBytes) => explained(path, () => text(path, maxBytes)),
    head: (path, maxBytes) =>
      explained(path, () => {
        const start = read(path, maxBytes, true);
        // The last line of a full buffer may be half a line, or half a character.
        const whole = start?.length === maxBytes ? start.subarray(0, start.lastIndexOf(0x0a) + 1) : start;
        return whole && decodeText(path, whole);
      }),
    value: (path, pattern) =>
      explained(path, () => {
        const value = text(path, valueBytes)?.trim();
        if (value !== undefined && !pattern.test(value)) {
          throw unreadable(path, 'does not hold what it should');
        }
        return value;
      }),
    list: (path) =>
      explained(path, () => {
        const real = find(path);
        if (real === undefined) return undefined;
        const entries = readdirSync(real, { withFileTypes: true });
        if (entries.length > mostEntries) throw unreadable(path, 'has too many entries');
        paths.learn(real, entries);
        return entries.map(({ name }) => name).sort();
      }),
  };
}

function openReal(real: string | undefined): number | undefined {
  return real === undefined ? undefined : openSync(real, openFlags);
}

interface ReadRequest {
  readonly path: string;
  readonly descriptor: number;
  readonly maxBytes: number;
  readonly cut: boolean;
}

/**
 * Synchronous: the files are the kernel's own memory and take microseconds, a turn of the event loop for each of some
 * thousand takes far longer (docs/decisions/reading-the-host.md).
 */
function readRegular({ path, descriptor, maxBytes, cut }: ReadRequest): Uint8Array {
  try {
    const kind = fstatSync(descriptor);
    if (kind.isDirectory()) throw unreadable(path, 'is a directory');
    if (!kind.isFile()) throw unreadable(path, 'is not a regular file');
    // procfs and sysfs know no sizes: the bound is on what is read. One byte more tells a longer file from a full one.
    const content = readUpTo(descriptor, cut ? maxBytes : maxBytes + 1, kind.size);
    if (content.length > maxBytes) throw unreadable(path, `is larger than ${String(maxBytes)} bytes`);
    return content;
  } finally {
    closeSync(descriptor);
  }
}

/** At most `most` bytes of an open file; `size` is what the file says of itself. */
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

/** The text of a file of the host. @throws FeaturesealError file-unreadable where the bytes are none */
export function decodeText(path: string, bytes: Uint8Array): string {
  try {
    const text = utf8.decode(bytes);
    if (!text.includes('\0')) return text;
  } catch {
    // Falls through: bytes that are not UTF-8 are refused as zero bytes are.
  }
  throw unreadable(path, 'is not text');
}
