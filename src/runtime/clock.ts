import { setTimeout as timer } from 'node:timers/promises';
import type { Clock } from '../port/clock.ts';

/** The longest delay that a timer of Node takes: a longer one would fire at once. */
const longestTimerMs = 2 ** 31 - 1;

/** The machine's own clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  async sleep(ms, signal) {
    for (let left = ms; left > 0 && !signal.aborted; left -= longestTimerMs) {
      // Rejects when the signal aborts and for no other reason; the contract is to resolve then.
      await timer(Math.min(left, longestTimerMs), undefined, { signal }).catch(() => undefined);
    }
  },
};
