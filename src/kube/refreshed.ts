import type { Clock } from '../port/clock.ts';

/** How long what was read is used before it is read again: kubelet replaces tokens minutes before they end. */
const refreshMs = 10_000;

/** A value that is read again now and then. */
export interface Refreshed<T> {
  /** At most ten seconds old. Where reading fails, the value before is used; without one it throws. */
  read(): Promise<T>;
  /** The next read is a new one. */
  expire(): void;
}

/** Reads by `load`, which gets the value before; at most once in ten seconds, and one at a time. */
export function refreshed<T>(load: (previous: T | undefined) => Promise<T>, clock: Clock): Refreshed<T> {
  let value: T | undefined;
  let readAt = -Infinity;
  let reading: Promise<T> | undefined;

  const reload = async (): Promise<T> => {
    try {
      value = await load(value);
    } catch (thrown) {
      // A file in the middle of its replacement: what was read before may serve yet, and the server says if not.
      if (value === undefined) throw thrown;
    }
    readAt = clock.now();
    return value;
  };

  return {
    async read() {
      if (value !== undefined && clock.now() - readAt < refreshMs) return value;
      reading ??= reload().finally(() => {
        reading = undefined;
      });
      return reading;
    },
    expire() {
      readAt = -Infinity;
    },
  };
}
