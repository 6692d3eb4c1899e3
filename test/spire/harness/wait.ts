import { certificatesFrom } from '../../../src/spiffe/pem.ts';
import type { X509Bundles } from '../../../src/spiffe/types.ts';
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

interface WithAddress {
  /** Of a Workload API. */
  readonly address: string;
}

const patienceMs = 60_000;

/** The first message of a Workload API that fits. */
export function untilContext(
  agent: WithAddress,
  fits: (context: X509Context) => boolean,
): Promise<X509Context> {
  return firstThat(agent, fits, (client, take, signal) => client.watchX509Context(take, signal));
}

/** Resolves when an agent that gives its bundles to everybody trusts these roots (PEM) and no others. */
export async function untilRoots(agent: WithAddress, ...roots: readonly string[]): Promise<void> {
  const texts = (ders: readonly Uint8Array[]): string =>
    ders
      .map((der) => Buffer.from(der).toString('base64'))
      .sort()
      .join();
  const expected = texts(roots.flatMap(certificatesFrom));
  const fits = (bundles: X509Bundles): boolean => texts(bundles.get('example.org') ?? []) === expected;
  await firstThat(agent, fits, (client, take, signal) => client.watchX509Bundles(take, signal));
}

async function firstThat<T>(
  { address }: WithAddress,
  fits: (value: T) => boolean,
  watch: (client: WorkloadApiClient, take: (value: T) => void, signal: AbortSignal) => Promise<void>,
): Promise<T> {
  let found: T | undefined;
  const stop = new AbortController();
  const take = (value: T): void => {
    if (!fits(value)) return;
    found ??= value;
    stop.abort();
  };
  const signal = AbortSignal.any([stop.signal, AbortSignal.timeout(patienceMs)]);
  await watch(new WorkloadApiClient({ address }), take, signal);
  if (found === undefined) throw new Error(`${address} did not tell what was waited for`);
  return found;
}
