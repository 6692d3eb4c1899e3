import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import type { Log } from '../../src/plugin/contract.ts';
import { unreadable, type Host } from '../../src/plugin/host-file.ts';
import type { Finding } from '../../src/plugin/probe.ts';
import { reasonOf } from '../../src/plugin/thrown.ts';
import { readRelease } from './version.ts';

/** A configuration with every option and comment is about 350 KB. */
const maxBytes = 2 * 1024 * 1024;

/** All options that are set, as they stand in the first configuration that can be read; undefined where there is none. */
export async function findConfig(
  host: Host,
  first: string | undefined,
  log: Log,
): Promise<Finding | undefined> {
  const release = await readRelease(host).catch(() => undefined);
  const paths = first === undefined ? candidates(release) : [first, ...candidates(release)];
  for (const path of paths) {
    try {
      const text = path.endsWith('.gz') ? await readCompressed(host, path) : await host.text(path, maxBytes);
      if (text === undefined) continue;
      const attributes = parseConfig(text);
      if (Object.keys(attributes).length === 0) throw unreadable(path, 'is no kernel configuration');
      return { attributes };
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

async function readCompressed(host: Host, path: string): Promise<string | undefined> {
  const packed = await host.bytes(path, maxBytes);
  if (packed === undefined) return undefined;
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
