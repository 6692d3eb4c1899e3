import { closeSync, constants, fstatSync, openSync, readdirSync, readSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import { FeaturesealError } from '../error.ts';
import type { DiscoverContext, Host } from './contract.ts';
import { hostPathResolver, isAbsent } from './host-path.ts';
import { reasonOf, systemCode } from './thrown.ts';

/** Most entries of a folder that are read. */
const mostEntries = 16_384;
/** Most bytes of a file that holds one value; sysfs gives at most one page. */
const valueBytes = 4096;
/** What is read at once. */
const chunkBytes = 16 * 1024;
/** After so many files the process turns to its other work. */
const filesInARow = 64;

export type { Host };

/** The error of a file of the host that is there and cannot be used. */
export function unreadable(path: string, reason: string, cause?: unknown): FeaturesealError {
  return new FeaturesealError({ code: 'file-unreadable', message: `${path}: ${reason}`, cause });
}

export interface HostOptions extends Pick<DiscoverContext, 'hostRoot' | 'signal'> {
  /** Asked for each path that is looked at; what it denies is absent. */
  readonly isVisible?: (path: string) => boolean;
}

/** The host that a plugin shall look at. */
export function hostOf({ hostRoot, signal, isVisible = () => true }: HostOptions): Host {
  const resolve = hostPathResolver(hostRoot);
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
    const found = resolve(path);
    if ('real' in found) return found.real;
    if (found.dangling) throw unreadable(path, 'is a dangling link');
    return undefined;
  };
  const locate: Host['locate'] = (path) => explained(path, () => find(path));

  const read = (path: string, maxBytes: number, cut: boolean): Promise<Uint8Array | undefined> =>
    explained(path, () => {
      const real = find(path);
      return real === undefined ? undefined : readRegular({ path, real, maxBytes, cut });
    });

  const text: Host['text'] = async (path, maxBytes) => decode(path, await read(path, maxBytes, false));

  return {
    locate,
    text,
    bytes: (path, maxBytes) => read(path, maxBytes, false),
    head: async (path, maxBytes) => {
      const start = await read(path, maxBytes, true);
      // The last line of a full buffer may be half a line, or half a character.
      const whole = start?.length === maxBytes ? start.subarray(0, start.lastIndexOf(0x0a) + 1) : start;
      return decode(path, whole);
    },
    value: async (path, pattern) => {
      const value = (await text(path, valueBytes))?.trim();
      if (value !== undefined && !pattern.test(value)) throw unreadable(path, 'does not hold what it should');
      return value;
    },
    list: (path) =>
      explained(path, () => {
        const real = find(path);
        const names = real === undefined ? undefined : readdirSync(real);
        if (names !== undefined && names.length > mostEntries) throw unreadable(path, 'has too many entries');
        return names?.sort();
      }),
    exists: async (path) => (await locate(path)) !== undefined,
  };
}

interface ReadRequest {
  readonly path: string;
  readonly real: string;
  readonly maxBytes: number;
  readonly cut: boolean;
}

/**
 * Synchronous: the files are the kernel's own memory and take microseconds, a turn of the event loop for each of some
 * thousand takes far longer (docs/decisions/reading-the-host.md).
 */
function readRegular({ path, real, maxBytes, cut }: ReadRequest): Uint8Array {
  // Links are followed already: one that appears now is a race, and is refused. A FIFO must not block the open.
  const descriptor = openSync(real, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const kind = fstatSync(descriptor);
    if (kind.isDirectory()) throw unreadable(path, 'is a directory');
    if (!kind.isFile()) throw unreadable(path, 'is not a regular file');
    // procfs and sysfs know no sizes: the bound is on what is read. One byte more tells a longer file from a full one.
    const most = cut ? maxBytes : maxBytes + 1;
    const chunks: Uint8Array[] = [];
    let length = 0;
    while (length < most) {
      const chunk = Buffer.allocUnsafe(Math.min(chunkBytes, most - length));
      const bytesRead = readSync(descriptor, chunk);
      if (bytesRead === 0) break;
      chunks.push(chunk.subarray(0, bytesRead));
      length += bytesRead;
    }
    if (length > maxBytes) throw unreadable(path, `is larger than ${String(maxBytes)} bytes`);
    return chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks, length);
  } finally {
    closeSync(descriptor);
  }
}

function decode(path: string, bytes: Uint8Array | undefined): string | undefined {
  if (bytes === undefined) return undefined;
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    if (!text.includes('\0')) return text;
  } catch {
    // Falls through: bytes that are not UTF-8 are refused as zero bytes are.
  }
  throw unreadable(path, 'is not text');
}
