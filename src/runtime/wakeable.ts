/** A bell for one waiter: rung while nobody waits, it is heard at the next wait, so that no ring is ever lost. */
export interface Wakeable {
  readonly ring: () => void;
  /** Resolves after a ring, or when the signal aborts; never rejects. */
  readonly wait: (signal: AbortSignal) => Promise<void>;
}

export function wakeable(): Wakeable {
  let rung = false;
  let waiter: (() => void) | undefined;
  const ring = (): void => {
    if (waiter === undefined) rung = true;
    else waiter();
  };
  const wait = async (signal: AbortSignal): Promise<void> => {
    if (rung || signal.aborted) {
      rung = false;
      return;
    }
    const { promise, resolve } = Promise.withResolvers<undefined>();
    const wake = (): void => {
      waiter = undefined;
      signal.removeEventListener('abort', wake);
      resolve(undefined);
    };
    waiter = wake;
    signal.addEventListener('abort', wake);
    await promise;
  };
  return { ring, wait };
}
