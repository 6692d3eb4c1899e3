import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import type { LogFields } from '../port/log.ts';
import type { Clock } from '../port/clock.ts';
import { systemClock } from '../runtime/clock.ts';
import type { FeaturePlugin, Log, PluginDiscovery } from './contract.ts';
import { discoverAll } from './discover.ts';
import { checkPlugin } from './load.ts';

const deadlineMs = 10_000;

/** A file of a made-up host: its text, or a link. */
export type HostEntry = string | Uint8Array | { readonly link: string };

export interface PluginTest {
  /** The host: a folder that holds its root, or its files by path, such as `/proc/modules`. */
  readonly host: string | Readonly<Record<string, HostEntry>>;
  readonly nodeName?: string;
  /** The time of the discovery; now where it is absent. */
  readonly now?: Date;
}

/** One line that the plugin or its host logged. */
export interface LogLine {
  readonly level: keyof Log;
  readonly message: string;
  readonly fields: LogFields;
}

export interface PluginFinding extends PluginDiscovery {
  readonly log: readonly LogLine[];
}

/**
 * One discovery of a plugin on a made-up host, as a worker does it: with prefixes, limits and dropped labels. For the
 * tests of who writes plugins, with any test runner.
 *
 * @throws FeaturesealError plugin-invalid, plugin-failed, plugin-timeout, plugin-too-large, with the worker's own words
 */
export async function discoverWith(plugin: FeaturePlugin, options: PluginTest): Promise<PluginFinding> {
  const { host, nodeName, now } = options;
  const checked = checkPlugin('the plugin of this test', plugin);
  const log: LogLine[] = [];
  const hostRoot = typeof host === 'string' ? resolve(host) : await makeHost(host);
  try {
    const { discovery, validUntil, failures } = await discoverAll({
      plugins: [checked],
      hostRoot,
      ...(nodeName === undefined ? {} : { nodeName }),
      signal: new AbortController().signal,
      log: recording(log),
      clock: now === undefined ? systemClock : clockAt(now),
      deadlineMs,
    });
    for (const { error } of failures) throw error;
    return { ...discovery, ...(validUntil !== undefined && { validUntil: new Date(validUntil) }), log };
  } finally {
    if (typeof host !== 'string') await rm(hostRoot, { recursive: true, force: true });
  }
}

async function makeHost(entries: Readonly<Record<string, HostEntry>>): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), 'featureseal-host-'));
  for (const [path, entry] of Object.entries(entries)) {
    const file = join(root, path);
    await mkdir(dirname(file), { recursive: true });
    if (typeof entry === 'string' || entry instanceof Uint8Array) await writeFile(file, entry);
    else await symlink(entry.link, file);
  }
  return root;
}

function clockAt(moment: Date): Clock {
  return { now: () => moment.getTime(), sleep: (ms, signal) => systemClock.sleep(ms, signal) };
}

function recording(lines: LogLine[]): Log {
  const at =
    (level: keyof Log) =>
    (message: string, fields: LogFields = {}): void => {
      lines.push({ level, message, fields });
    };
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}
