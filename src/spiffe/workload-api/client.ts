import type { Crypto } from '../../crypto.ts';
import { FeaturesealError } from '../../error.ts';
import type { X509Bundles, X509Svid } from '../types.ts';
import { parseX509Bundles, parseX509Context, type X509Context } from './context.ts';
import { parseEndpoint, type Endpoint } from './endpoint.ts';
import { systemSleeper, type Sleeper } from './retry.ts';
import { workloadApiService } from './service.ts';
import { openStream } from './stream.ts';
import { watchMessages } from './watch.ts';

/** The part of a log that the client needs. */
export interface ClientLog {
  warn(message: string, fields?: Readonly<Record<string, unknown>>): void;
}

export interface WorkloadApiClientOptions {
  /** `unix:///absolute/path`, or `tcp://IP:port` where `allowTcp` says so. */
  readonly address: string;
  readonly allowTcp?: boolean;
  /** Imports keys and checks that they belong to their certificates. */
  readonly crypto?: Crypto;
  readonly clock?: Sleeper;
  readonly log?: ClientLog;
  /** False: the keys of SVIDs sign and nothing else, they cannot be read from this process. */
  readonly extractableKeys?: boolean;
}

type OnError = (error: FeaturesealError) => void;

/** One of the two streams: its method, and how its messages are read. */
interface Feed<T> {
  readonly method: string;
  readonly parse: (message: Buffer) => T | Promise<T>;
  readonly nothing: T;
}

const forever = new AbortController().signal;

/**
 * Client of the SPIFFE Workload API, X.509 profile
 * (github.com/spiffe/spiffe, standards/SPIFFE_Workload_API.md and SPIFFE_Workload_Endpoint.md).
 * One attempt: `fetch...`. For ever, across outages: `watch...`.
 * Errors: `socket-invalid` at construction; then `workload-api-unavailable`, `-denied`, `-refused`, `-malformed`,
 * `key-mismatch`, a code of the SVID's own rules, or `aborted`.
 */
export class WorkloadApiClient {
  readonly #endpoint: Endpoint;
  readonly #clock: Sleeper;
  readonly #log: ClientLog | undefined;
  readonly #contexts: Feed<X509Context>;
  readonly #bundles: Feed<X509Bundles>;

  constructor(options: WorkloadApiClientOptions) {
    const { address, allowTcp = false, crypto = globalThis.crypto, extractableKeys = false } = options;
    this.#endpoint = parseEndpoint(address, { allowTcp });
    this.#clock = options.clock ?? systemSleeper;
    this.#log = options.log;
    const service = workloadApiService();
    this.#contexts = {
      method: service.fetchX509Svid.path,
      parse: (message) => parseX509Context(message, { crypto, extractableKeys }),
      nothing: { svids: [], bundles: new Map() },
    };
    this.#bundles = { method: service.fetchX509Bundles.path, parse: parseX509Bundles, nothing: new Map() };
  }

  /** The SVIDs, the default identity first, and the bundles that came with them. */
  fetchX509Context(signal: AbortSignal = forever): Promise<X509Context> {
    return this.#fetch(this.#contexts, signal);
  }

  /** The SVIDs, the default identity first; never an empty list. */
  async fetchX509Svids(signal: AbortSignal = forever): Promise<readonly X509Svid[]> {
    const { svids } = await this.fetchX509Context(signal);
    return svids;
  }

  /** The bundles alone; what a verifier without an identity of its own asks for. */
  fetchX509Bundles(signal: AbortSignal = forever): Promise<X509Bundles> {
    return this.#fetch(this.#bundles, signal);
  }

  /**
   * Calls `onUpdate` with the whole state now and after each change; with nothing when it is taken back.
   * Retries for ever; resolves when `signal` aborts, rejects with `workload-api-refused`.
   */
  watchX509Context(
    onUpdate: (context: X509Context) => void,
    signal: AbortSignal,
    onError?: OnError,
  ): Promise<void> {
    return this.#watch(this.#contexts, onUpdate, signal, onError);
  }

  /** As {@link watchX509Context}, the SVIDs alone; an empty list: none is left. */
  watchX509Svids(
    onUpdate: (svids: readonly X509Svid[]) => void,
    signal: AbortSignal,
    onError?: OnError,
  ): Promise<void> {
    return this.watchX509Context(({ svids }) => onUpdate(svids), signal, onError);
  }

  /** As {@link watchX509Context}, for bundles; an empty map: none may be used. */
  watchX509Bundles(
    onUpdate: (bundles: X509Bundles) => void,
    signal: AbortSignal,
    onError?: OnError,
  ): Promise<void> {
    return this.#watch(this.#bundles, onUpdate, signal, onError);
  }

  async #fetch<T>({ method, parse }: Feed<T>, signal: AbortSignal): Promise<T> {
    for await (const message of this.#open(method, signal)) return parse(message);
    throw new FeaturesealError({ code: 'aborted', message: 'the call to the Workload API was stopped' });
  }

  #watch<T>(
    feed: Feed<T>,
    onUpdate: (value: T) => void,
    signal: AbortSignal,
    onError?: OnError,
  ): Promise<void> {
    return watchMessages({
      open: (until) => this.#open(feed.method, until),
      parse: feed.parse,
      nothing: feed.nothing,
      onUpdate,
      onError: (error) => {
        this.#log?.warn('the Workload API failed', { code: error.code, error: error.message });
        onError?.(error);
      },
      clock: this.#clock,
      signal,
    });
  }

  #open(method: string, signal: AbortSignal): AsyncGenerator<Buffer> {
    return openStream({ endpoint: this.#endpoint, method, clock: this.#clock, signal });
  }
}
