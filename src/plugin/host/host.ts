import { setImmediate } from 'node:timers/promises';
import { FeaturesealError } from '../../error.ts';
import type { DiscoverContext, Host } from '../contract.ts';
import { hostFiles, questionsInARow, Unsuitable, type HostFiles } from './files.ts';
import { hostPaths } from './paths.ts';
import { kernelFileFinder } from './kernel-file.ts';
import { isAbsent, reasonOf, systemCode } from '../thrown.ts';

/** Most entries of a folder that are read. */
const mostEntries = 16_384;
/** Most bytes of a file that holds one value; sysfs gives at most one page. */
const valueBytes = 4096;
const utf8 = new TextDecoder('utf-8', { fatal: true });

export type { Host };

/** The error of a file of the host that is there and cannot be used. */
export function unreadable(path: string, reason: string, cause?: unknown): FeaturesealError {
  return new FeaturesealError({ code: 'file-unreadable', message: `${path}: ${reason}`, cause });
}

export interface HostOptions extends Pick<DiscoverContext, 'hostRoot' | 'signal'> {
  /** Several hosts of one discovery may share what these know of links. */
  readonly files?: HostFiles;
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
  const { hostRoot, procRoot, signal, isVisible = () => true, files = hostFiles() } = options;
  const paths = hostPaths(hostRoot, files);
  const findKernelFile = procRoot === undefined ? () => undefined : kernelFileFinder(procRoot, files);
  let inARow = 0;

  /** A path that is gone is undefined; what the system says of the others is explained by the path. */
  const explained = async <Result>(path: string, work: () => Result | undefined) => {
    try {
      if (++inARow % questionsInARow === 0) await setImmediate();
      signal.throwIfAborted();
      return work();
    } catch (thrown) {
      if (isAbsent(thrown)) return undefined;
      if (signal.aborted || thrown instanceof FeaturesealError) throw thrown;
      if (thrown instanceof Unsuitable) throw unreadable(path, thrown.message);
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
  const readReal = (real: string | undefined, most: number): Uint8Array | undefined =>
    real === undefined ? undefined : files.read(real, most);
  /** Most files are no links: opened at once they cost a look less. */
  const start = (path: string, most: number): Uint8Array | undefined => {
    const nearest = isVisible(path) ? paths.nearest(path) : undefined;
    try {
      if (nearest !== undefined) return files.read(nearest, most);
    } catch (thrown) {
      if (isAbsent(thrown)) return readReal(findKernelFile(path), most);
      // A link, which may lead anywhere.
      if (systemCode(thrown) !== 'ELOOP') throw thrown;
    }
    return readReal(find(path), most);
  };
  /** One byte more tells a longer file from a full one. */
  const read = (path: string, maxBytes: number): Uint8Array | undefined => {
    const content = start(path, maxBytes + 1);
    if (content === undefined || content.length <= maxBytes) return content;
    throw unreadable(path, `is larger than ${String(maxBytes)} bytes`);
  };
  const text = (path: string, maxBytes: number): string | undefined => {
    const content = read(path, maxBytes);
    return content && decodeText(path, content);
  };

  return {
    locate: (path) => explained(path, () => find(path)),
    exists: async (path) => (await explained(path, () => find(path))) !== undefined,
    bytes: (path, maxBytes) =>
      explained(path, () => {
        const content = read(path, maxBytes);
        // A copy: a plugin may write into its own, and what was read may be compared with later.
        return content && Uint8Array.from(content);
      }),
    text: (path, maxBytes) => explained(path, () => text(path, maxBytes)),
    head: (path, maxBytes) =>
      explained(path, () => {
        const first = start(path, maxBytes);
        // The last line of a full buffer may be half a line, or half a character.
        const whole = first?.length === maxBytes ? first.subarray(0, first.lastIndexOf(0x0a) + 1) : first;
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
        const entries = files.list(real);
        if (entries.length > mostEntries) throw unreadable(path, 'has too many entries');
        return entries.map(({ name }) => name).sort();
      }),
  };
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
