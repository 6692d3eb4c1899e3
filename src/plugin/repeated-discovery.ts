import type { Log, LogFields } from '../port/log.ts';
import { discoverAll, type DiscoverOptions, type DiscoveryResult } from './discover.ts';
import { rememberingRun } from './remembering.ts';

/**
 * {@link discoverAll} for a process that discovers again and again: a plugin is asked where the host answers otherwise than
 * before, a warning is told when it is new.
 */
export function repeatedDiscovery(
  options: Omit<DiscoverOptions, 'signal' | 'run'>,
): (signal: AbortSignal) => Promise<DiscoveryResult> {
  const run = rememberingRun();
  const warnings = changedWarnings(options.log);
  return async (signal) => {
    warnings.next();
    return await discoverAll({ ...options, run, log: warnings.log, signal });
  };
}

interface ChangedWarnings {
  readonly log: Log;
  /** The next turn begins. */
  next(): void;
}

/**
 * Passes on each warning once for as long as it keeps coming: a spoilt file is told when it is found and, after it was
 * well for a turn, when it is spoilt again; not once a minute.
 */
function changedWarnings(log: Log): ChangedWarnings {
  let before = new Set<string>();
  let now = new Set<string>();
  const once =
    (level: 'warn' | 'error') =>
    (message: string, fields: LogFields = {}): void => {
      const key = JSON.stringify([level, message, fields]);
      if (!before.has(key) && !now.has(key)) log[level](message, fields);
      now.add(key);
    };
  return {
    log: {
      debug: (message, fields) => log.debug(message, fields),
      info: (message, fields) => log.info(message, fields),
      warn: once('warn'),
      error: once('error'),
    },
    next() {
      before = now;
      now = new Set();
    },
  };
}
