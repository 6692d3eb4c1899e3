import { FeaturesealError } from '../error.ts';
import type { Clock } from '../port/clock.ts';

/** How long a discovery may take: one for all its plugins, which start together. */
export interface Deadline {
  /** Aborts when the time is up, when the process stops, and when the discovery is over. */
  readonly signal: AbortSignal;
  /** Resolves when the first of these comes. */
  readonly passed: Promise<void>;
  /** The discovery is over. */
  end(): void;
}

/** A deadline in `ms` milliseconds; `stop` aborts when the process stops. */
export function startDeadline(ms: number, clock: Clock, stop: AbortSignal): Deadline {
  const over = new AbortController();
  const end = (): void => {
    over.abort(new FeaturesealError({ code: 'plugin-timeout', message: 'the discovery is over' }));
  };
  const signal = AbortSignal.any([stop, over.signal]);
  return { signal, passed: clock.sleep(ms, signal).then(end), end };
}
