import type { Log } from '../port/log.ts';
import { recorded, type HostRecord } from './host/record.ts';
import type { LoadedPlugin } from './load.ts';
import { runPlugin } from './run-plugin.ts';
import type { Snapshot } from './snapshot.ts';

interface Known {
  readonly record: HostRecord;
  readonly snapshot: Snapshot;
}

/**
 * {@link runPlugin} for a process that discovers again and again. What a plugin made of the host's answers alone it would
 * make of them again: so it is first the host that is asked, everything that the plugin asked it, and the plugin only where
 * an answer is another one. A plugin that had something to warn of is asked each time.
 */
export function rememberingRun(): typeof runPlugin {
  const known = new WeakMap<LoadedPlugin, Known>();
  return async (plugin, options) => {
    const { clock, deadline, files } = options;
    const before = known.get(plugin);
    if (before !== undefined && (before.snapshot.validUntil ?? Infinity) > clock.now()) {
      if (await before.record.holds(files, deadline.signal)) return before.snapshot;
    }
    known.delete(plugin);
    const { record, files: noted } = recorded(files);
    const { log, hasWarned } = listening(options.log);
    const snapshot = await runPlugin(plugin, { ...options, log, files: noted });
    if (snapshot.fromHostAlone && !hasWarned()) known.set(plugin, { record, snapshot });
    return snapshot;
  };
}

/** The same log, and whether anything was to be told. */
function listening(log: Log): { readonly log: Log; readonly hasWarned: () => boolean } {
  let hasWarned = false;
  const told =
    (level: 'warn' | 'error'): Log['warn'] =>
    (message, fields) => {
      hasWarned = true;
      log[level](message, fields);
    };
  return { log: { ...log, warn: told('warn'), error: told('error') }, hasWarned: () => hasWarned };
}
