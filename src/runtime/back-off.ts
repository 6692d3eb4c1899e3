import type { Clock } from '../port/clock.ts';

export interface BackOffOptions {
  readonly clock: Clock;
  /** From 0 to below 1, as Math.random. */
  readonly random: () => number;
  readonly firstMs: number;
  readonly maxMs: number;
}

export interface BackOff {
  /** Waits: from half of `firstMs` up to `firstMs`, then up to twice as long each time, never beyond `maxMs`. */
  wait(signal: AbortSignal): Promise<void>;
  /** After a success: the next wait is the first again. */
  reset(): void;
}

/** Exponential back-off. The jitter keeps a thousand nodes from coming back in the same second. */
export function createBackOff({ clock, random, firstMs, maxMs }: BackOffOptions): BackOff {
  let ceiling = firstMs;
  return {
    async wait(signal) {
      const delay = (Math.min(ceiling, maxMs) * (1 + random())) / 2;
      ceiling = Math.min(ceiling * 2, maxMs);
      await clock.sleep(delay, signal);
    },
    reset() {
      ceiling = firstMs;
    },
  };
}
