import type { X509Context } from '../../../src/spiffe/workload-api/context.ts';
import { WorkloadApiClient } from '../../../src/spiffe/workload-api/client.ts';

/** Something that changes by itself and tells of it. */
interface Changing<T> {
  current(): T | undefined;
  onChange(listener: () => void): () => void;
}

/** Resolves with the first value that fits; the test's own deadline is the only one. */
export async function untilValue<T>(source: Changing<T>, fits: (value: T) => boolean): Promise<T> {
  for (;;) {
    const value = source.current();
    if (value !== undefined && fits(value)) return value;
    await new Promise<void>((resolve) => {
      const stop = source.onChange(() => {
        stop();
        resolve();
      });
    });
  }
}

const patienceMs = 60_000;

/** The first message of a Workload API that fits. */
export async function untilContext(
  { address }: { readonly address: string },
  fits: (context: X509Context) => boolean,
): Promise<X509Context> {
  let found: X509Context | undefined;
  const stop = new AbortController();
  const take = (context: X509Context): void => {
    if (!fits(context)) return;
    found ??= context;
    stop.abort();
  };
  const signal = AbortSignal.any([stop.signal, AbortSignal.timeout(patienceMs)]);
  await new WorkloadApiClient({ address }).watchX509Context(take, signal);
  if (found === undefined) throw new Error(`${address} did not tell what was waited for`);
  return found;
}
