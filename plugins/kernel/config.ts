import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import type { Log } from '../../src/plugin/contract.ts';
import { decodeText, unreadable, type Host } from '../../src/plugin/host/host.ts';
import { keptValues, type Finding } from '../../src/plugin/probe.ts';
import { reasonOf } from '../../src/plugin/thrown.ts';
import { readRelease } from './version.ts';

/** A configuration with every option and comment is about 350 KB. */
const maxBytes = 2 * 1024 * 1024;

/** The configuration that was read last: to parse some thousand options takes far longer than to read them. */
export interface LastConfig {
  path: string;
  bytes: Uint8Array;
  options: Readonly<Record<string, string>>;
}

/** Nothing was read yet. */
export const noConfig = (): LastConfig => ({ path: '', bytes: new Uint8Array(), options: {} });

/**
 * All options that are set, as they stand in the first configuration that can be read; undefined where there is none. Its
 * file is read each time; what it says is taken from `last` where path and bytes are the same.
 */
export async function findConfig(
  host: Host,
  first: string | undefined,
  last: LastConfig,
  log: Log,
): Promise<Finding | undefined> {
  const release = await readRelease(host).catch(() => undefined);
  const paths = first === undefined ? candidates(release) : [first, ...candidates(release)];
  for (const path of paths) {
    try {
      const bytes = await host.bytes(path, maxBytes);
      if (bytes === undefined) continue;
      if (last.path !== path || Buffer.compare(last.bytes, bytes) !== 0) {
        const options = parseConfig(
          path.endsWith('.gz') ? await unpack(path, bytes) : decodeText(path, bytes),
        );
        if (Object.keys(options).length === 0) throw unreadable(path, 'is no kernel configuration');
        Object.assign(last, { path, bytes, options: keptValues(options) });
      }
      return { attributes: last.options };
    } catch (thrown) {
      log.warn('kernel configuration passed over', { reason: reasonOf(thrown) });
    }
  }
  log.debug('the host has no readable kernel configuration', { candidates: paths.length });
  return undefined;
}

/** Where distributions keep it. */
function candidates(release: string | undefined): string[] {
  if (release === undefined) return ['/proc/config.gz', '/usr/src/linux/.config'];
  return [
    '/proc/config.gz',
    `/usr/src/linux-${release}/.config`,
    `/usr/src/linux-rt-${release}/.config`,
    '/usr/src/linux/.config',
    `/usr/lib/modules/${release}/config`,
    `/usr/lib/ostree-boot/config-${release}`,
    `/usr/lib/kernel/config-${release}`,
    `/usr/src/linux-headers-${release}/.config`,
    `/lib/modules/${release}/build/.config`,
    `/usr/src/linux-rt-headers-${release}/.config`,
    `/boot/config-${release}`,
  ];
}

async function unpack(path: string, packed: Uint8Array): Promise<string> {
  try {
    // Bounded: a few kilobytes can unpack to gigabytes.
    const unpacked = await promisify(gunzip)(packed, { maxOutputLength: maxBytes });
    return unpacked.toString('utf8');
  } catch (thrown) {
    throw unreadable(path, `cannot be unpacked (${reasonOf(thrown)})`, thrown);
  }
}

/** `CONFIG_NAME=value` lines; quotes around a value are dropped (Linux, Documentation/kbuild/kconfig-language). */
function parseConfig(text: string): Record<string, string> {
  const options = text
    .matchAll(/^CONFIG_([^=\n]+)=(.*)$/gm)
    .map(([, name = '', value = '']) => [name, unquoted(value)] as const);
  return Object.fromEntries(options);
}

function unquoted(value: string): string {
  return value.startsWith('"') || value.endsWith('"') ? value.replace(/^"+|"+$/g, '') : value;
}
