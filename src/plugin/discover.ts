import { statSync } from 'node:fs';
import { FeaturesealError, asFeaturesealError } from '../error.ts';
import type { Features } from '../feature/features.ts';
import { labelSyntaxFault } from '../feature/label.ts';
import type { Discovery, Log } from './contract.ts';
import { startDeadline } from './deadline.ts';
import { hostFiles } from './host/files.ts';
import { labelKey } from './label.ts';
import { limits } from './limits.ts';
import type { LoadedPlugin } from './load.ts';
import { runPlugin, type RunOptions } from './run-plugin.ts';
import type { Snapshot } from './snapshot.ts';

/** One plugin that gave nothing this time; `error.code` is plugin-failed, plugin-timeout or plugin-too-large. */
export interface PluginFailure {
  readonly plugin: string;
  readonly error: FeaturesealError;
}

/** What all plugins found, and which of them failed. */
export interface DiscoveryResult {
  /** Keys of features are `plugin.feature`; keys of labels are full and legal. */
  readonly discovery: Discovery;
  /** The first moment from which on a plugin would find something else; milliseconds since the epoch. */
  readonly validUntil?: number;
  readonly failures: readonly PluginFailure[];
  /** Milliseconds by plugin, of those that failed too. */
  readonly durations: ReadonlyMap<string, number>;
}

export interface DiscoverOptions extends Omit<RunOptions, 'deadline' | 'files'> {
  /** Their names are distinct, as loadPlugins sees to. Of two that give the same label the later one counts. */
  readonly plugins: readonly LoadedPlugin[];
  readonly run?: typeof runPlugin;
}

/**
 * Asks every plugin at the same time, until the deadline, and merges what they return in their order. A plugin
 * that fails is reported beside the result and takes nothing from the others.
 *
 * @throws FeaturesealError aborted, when `signal` aborts; file-unreadable where the host root is no folder
 */
export async function discoverAll(options: DiscoverOptions): Promise<DiscoveryResult> {
  const { plugins, hostRoot, signal, log, clock, deadlineMs, run = runPlugin } = options;
  demandFolder(hostRoot);
  const failures: PluginFailure[] = [];
  const durations = new Map<string, number>();
  const fail = (plugin: string, error: FeaturesealError): void => {
    failures.push({ plugin, error });
    log.warn('plugin failed', { plugin, code: error.code, reason: error.message });
  };

  const files = hostFiles();
  const deadline = startDeadline(deadlineMs, clock, signal);
  const outcomes = await Promise.all(
    plugins.map(async (plugin) => {
      const start = clock.now();
      const outcome = await run(plugin, { ...options, files, deadline }).catch((thrown: unknown) =>
        asFeaturesealError(thrown, 'plugin-failed', `plugin ${plugin.name}`),
      );
      return { name: plugin.name, outcome, duration: clock.now() - start };
    }),
  );
  deadline.end();

  const kept: (readonly [string, Discovery])[] = [];
  let bytes = 0;
  let validUntil = Infinity;
  for (const { name, outcome, duration } of outcomes) {
    durations.set(name, duration);
    if (outcome instanceof FeaturesealError) {
      if (outcome.code === 'aborted') throw outcome;
      fail(name, outcome);
    } else if (bytes + outcome.bytes > limits.totalBytes) {
      fail(name, noRoom(name, outcome));
    } else {
      bytes += outcome.bytes;
      validUntil = Math.min(validUntil, outcome.validUntil ?? Infinity);
      kept.push([name, outcome.discovery]);
    }
  }
  return {
    discovery: { features: mergeFeatures(kept), labels: mergeLabels(kept, log) },
    ...(validUntil === Infinity ? {} : { validUntil }),
    failures,
    durations,
  };
}

/** A host root that is not mounted would look like a host without features, and its labels would go. */
function demandFolder(hostRoot: string): void {
  if (isFolder(hostRoot)) return;
  const message = `the host root ${JSON.stringify(hostRoot)} is no folder; mount the root of the host there`;
  throw new FeaturesealError({ code: 'file-unreadable', message });
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}

function noRoom(plugin: string, { bytes }: Snapshot): FeaturesealError {
  const most = String(limits.totalBytes);
  const message = `plugin ${plugin}: no room for its ${String(bytes)} bytes, all plugins together may return ${most}`;
  return new FeaturesealError({ code: 'plugin-too-large', message });
}

// Object.fromEntries defines members, so keys such as `__proto__` are data here as everywhere.
function mergeFeatures(kept: readonly (readonly [string, Discovery])[]): Features {
  const kind = <Feature>(pick: (features: Features) => Readonly<Record<string, Feature>>) =>
    Object.fromEntries(
      kept.flatMap(([plugin, { features }]) =>
        Object.entries(pick(features)).map(([feature, value]) => [`${plugin}.${feature}`, value] as const),
      ),
    );
  return {
    flags: kind((features) => features.flags),
    attributes: kind((features) => features.attributes),
    instances: kind((features) => features.instances),
  };
}

/** Illegal labels are dropped one by one; of two plugins that give the same key the later one counts. */
function mergeLabels(kept: readonly (readonly [string, Discovery])[], log: Log): Record<string, string> {
  const merged = new Map<string, string>();
  for (const [plugin, { labels }] of kept) {
    for (const [bare, value] of Object.entries(labels)) {
      const key = labelKey(plugin, bare);
      const fault = labelSyntaxFault(key, value);
      if (fault !== undefined) {
        log.warn('label dropped', { plugin, label: key, reason: fault });
        continue;
      }
      const earlier = merged.get(key);
      if (earlier !== undefined && earlier !== value)
        log.info('label replaced', { plugin, label: key, earlier });
      merged.set(key, value);
    }
  }
  return Object.fromEntries([...merged].sort());
}
