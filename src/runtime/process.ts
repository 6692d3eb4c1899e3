import type { Crypto } from '../crypto.ts';
import type { Clock } from '../port/clock.ts';

/** What a long-running process has of the outside world. */
export interface ProcessContext {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Aborts on SIGINT and SIGTERM. */
  readonly signal: AbortSignal;
  readonly clock: Clock;
  readonly crypto: Crypto;
}

/**
 * Runs the parts of a process until its signal aborts; the first part that fails stops all others, and its error is
 * the result.
 */
export async function runParts(
  signal: AbortSignal,
  parts: readonly ((signal: AbortSignal) => Promise<unknown>)[],
): Promise<void> {
  const stop = new AbortController();
  const either = AbortSignal.any([signal, stop.signal]);
  const running = parts.map(async (part) => {
    try {
      await part(either);
    } finally {
      stop.abort();
    }
  });
  const results = await Promise.allSettled(running);
  const failed = results.find((result) => result.status === 'rejected');
  if (failed !== undefined && !signal.aborted) throw failed.reason;
}
