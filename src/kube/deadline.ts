import { FeaturesealError } from '../error.ts';
import type { Clock } from '../port/clock.ts';

/** A signal that also aborts when time is up. */
export interface Deadline {
  readonly signal: AbortSignal;
  /** Time starts anew. */
  extend(): void;
  /** There is time for ever; the outer signal is still followed. */
  disarm(): void;
  /** Lets go of clock and outer signal. To be called in any case. */
  clear(): void;
}

/** Aborts with `outer`, or with store-unavailable after `ms` milliseconds after the start or the last {@link Deadline.extend}. */
export function startDeadline(ms: number, outer: AbortSignal, clock: Clock): Deadline {
  const controller = new AbortController();
  const timer = new AbortController();
  let due = clock.now() + ms;
  const follow = (): void => {
    controller.abort(outer.reason);
  };
  const watch = async (): Promise<void> => {
    for (let left = ms; left > 0; left = due - clock.now()) {
      await clock.sleep(left, timer.signal);
      if (timer.signal.aborted) return;
    }
    const message = `the API server did not answer within ${ms / 1000} s`;
    controller.abort(new FeaturesealError({ code: 'store-unavailable', message }));
  };
  if (outer.aborted) follow();
  else outer.addEventListener('abort', follow, { once: true });
  void watch();
  return {
    signal: controller.signal,
    extend() {
      due = clock.now() + ms;
    },
    disarm() {
      timer.abort();
    },
    clear() {
      timer.abort();
      outer.removeEventListener('abort', follow);
    },
  };
}
