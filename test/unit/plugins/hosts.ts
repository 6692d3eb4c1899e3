import { cp, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Discovery } from '../../../src/plugin/contract.ts';
import { discoverAll } from '../../../src/plugin/discover.ts';
import { loadBuiltinPlugins } from '../../../src/plugin/load.ts';
import { systemClock } from '../../../src/runtime/clock.ts';
import { recordingLog, type LogLine } from '../plugin/recording-log.ts';

const folder = join(import.meta.dirname, '../../fixtures/hosts');

/** Every tree, with its own expectations beside it. */
export const hostNames = [
  'intel-server',
  'amd-sev',
  'minimal-vm',
  'arm64-server',
  'arm-board',
  'nvdimm-server',
] as const;
export type HostName = (typeof hostNames)[number];

/** The name of the Node of every tree. */
export const nodeName = 'node-1';

export const hostTree = (name: HostName): string => join(folder, name);

/**
 * What is in the tree: cpu, kernel and pci as a person reads them out of it, the other sources as the sources of
 * node-feature-discovery themselves read them (test/interop/features).
 */
export async function expectedOf(name: HostName): Promise<Discovery> {
  return JSON.parse(await readFile(join(folder, `${name}.json`), 'utf8')) as Discovery;
}

/** What the built-in plugins find below a host root, and the warnings on the way. */
export async function discoverHost(
  hostRoot: string,
): Promise<{ discovery: Discovery; warnings: LogLine[]; failures: readonly unknown[] }> {
  const { log, lines } = recordingLog();
  const { discovery, failures } = await discoverAll({
    plugins: await loadBuiltinPlugins(),
    hostRoot,
    nodeName,
    signal: new AbortController().signal,
    log,
    clock: systemClock,
    deadlineMs: 60_000,
  });
  return { discovery, failures, warnings: lines.filter(({ level }) => level === 'warn') };
}

/** A copy of a tree that may be spoilt, and the way to remove it. */
export async function copyOf(name: HostName): Promise<{ hostRoot: string; remove: () => Promise<void> }> {
  const hostRoot = await mkdtemp(join(tmpdir(), 'featureseal-host-'));
  await cp(hostTree(name), hostRoot, { recursive: true, verbatimSymlinks: true });
  return { hostRoot, remove: () => rm(hostRoot, { recursive: true, force: true }) };
}
