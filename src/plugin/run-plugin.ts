import { FeaturesealError } from '../error.ts';
import type { Clock } from '../port/clock.ts';
import type { DiscoverContext, Log } from './contract.ts';
import type { Deadline } from './deadline.ts';
import { hostOf } from './host/host.ts';
import type { HostFiles } from './host/files.ts';
import type { LoadedPlugin } from './load.ts';
import { takeSnapshot, type Snapshot } from './snapshot.ts';
import { reasonOf } from './thrown.ts';

export interface RunOptions {
  readonly hostRoot: string;
  /** See HostOptions. */
  readonly procRoot?: string;
  readonly nodeName?: string;
  /** Asked for each path of the host that a plugin looks at by its `host`; what it denies is absent. */
  readonly isVisible?: (path: string) => boolean;
  /** Aborts everything: the process stops. */
  readonly signal: AbortSignal;
  readonly log: Log;
  readonly clock: Clock;
  readonly deadlineMs: number;
  readonly deadline: Deadline;
  /** All plugins of a discovery share what these know of links. */
  readonly files: HostFiles;
}

/**
 * One discovery of one plugin, abandoned at the deadline whether it heeds the signal or not. A plugin that never
 * yields to the event loop cannot be stopped: plugins are trusted code.
 *
 * @throws FeaturesealError plugin-failed, plugin-timeout, plugin-too-large with the plugin's name; aborted
 */
export async function runPlugin(plugin: LoadedPlugin, options: RunOptions): Promise<Snapshot> {
  const { signal, deadline, deadlineMs } = options;
  const context = contextOf(plugin, options);
  const answer = async (): Promise<unknown> => await plugin.discover(context);
  try {
    // The losing promise keeps its handlers: a late rejection of an abandoned plugin disturbs nobody.
    const first = await Promise.race([
      answer().then((returned) => ({ returned })),
      deadline.passed.then(() => undefined),
    ]);
    if (first !== undefined) return takeSnapshot(first.returned);
    if (signal.aborted) throw new FeaturesealError({ code: 'aborted', message: 'discovery was stopped' });
    const message = `it did not answer within ${String(deadlineMs)} ms`;
    throw new FeaturesealError({ code: 'plugin-timeout', message });
  } catch (thrown) {
    if (signal.aborted) {
      throw new FeaturesealError({ code: 'aborted', message: 'discovery was stopped', cause: thrown });
    }
    throw failureOf(plugin.name, thrown);
  }
}

function contextOf(plugin: LoadedPlugin, options: RunOptions): DiscoverContext {
  const { hostRoot, procRoot, files, nodeName, isVisible, log, clock, deadline } = options;
  const { signal } = deadline;
  return {
    host: hostOf({
      hostRoot,
      ...(procRoot && { procRoot }),
      files,
      signal,
      ...(isVisible && { isVisible }),
    }),
    hostRoot,
    ...(nodeName === undefined ? {} : { nodeName }),
    now: new Date(clock.now()),
    signal,
    log: attributed(log, plugin.name),
  };
}

/** Whatever came out of a plugin, with its name. Codes of the plugin's own are below `cause`. */
function failureOf(plugin: string, thrown: unknown): FeaturesealError {
  const ours = thrown instanceof FeaturesealError && thrown.code.startsWith('plugin-') ? thrown : undefined;
  const detail = reasonOf(thrown).replace(/^\[plugin-[a-z-]+\] /, '');
  return new FeaturesealError({
    code: ours?.code ?? 'plugin-failed',
    message: `plugin ${plugin}: ${detail}`,
    cause: thrown,
  });
}

/** A log whose every line names the plugin. */
export function attributed(log: Log, plugin: string): Log {
  return {
    debug: (message, fields) => log.debug(message, { ...fields, plugin }),
    info: (message, fields) => log.info(message, { ...fields, plugin }),
    warn: (message, fields) => log.warn(message, { ...fields, plugin }),
    error: (message, fields) => log.error(message, { ...fields, plugin }),
  };
}
