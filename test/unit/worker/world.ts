import { FeaturesealError } from '../../../src/error.ts';
import type { ReasonCode } from '../../../src/error-codes.ts';
import type { Discovery } from '../../../src/feature/features.ts';
import type { NodeFeature } from '../../../src/feature/node-feature.ts';
import { MemoryNodeFeatures } from '../../../src/memory/node-features.ts';
import type { OwnNodeFeature } from '../../../src/port/node-feature-store.ts';
import type { SvidSource, X509Svid } from '../../../src/port/svid-source.ts';
import { verifyNodeFeature } from '../../../src/seal/verify.ts';
import type { TimedDiscovery } from '../../../src/worker/ports.ts';
import { workerDefaults } from '../../../src/worker/settings.ts';
import { Worker } from '../../../src/worker/worker.ts';
import type { TestCa } from '../../support/certificates.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { bundlesOf, noon, testPolicy } from '../../support/sealing.ts';
import { until } from '../../support/until.ts';

export const key = 'featureseal/node-a';
export const second = 1000;
/** An identity in the test's hands. */
class FakeSvids implements SvidSource {
  #current: X509Svid | undefined;
  readonly #listeners = new Set<() => void>();

  constructor(current: X509Svid | undefined) {
    this.#current = current;
  }

  current(): X509Svid | undefined {
    return this.#current;
  }

  lastError(): undefined {
    return undefined;
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  give(svid: X509Svid | undefined): void {
    this.#current = svid;
    for (const listener of this.#listeners) listener();
  }

  get listeners(): number {
    return this.#listeners.size;
  }
}

/** What the worker told and wrote, in order. */
interface Told {
  readonly published: { readonly reason: string; readonly iat: number; readonly at: number }[];
  readonly failed: string[];
  /** Of each attempt to publish. */
  readonly outcomes: string[];
  readonly waiting: number[];
  changes: number;
  writes: number;
  reads: number;
  discoveries: number;
}

/** A worker of node-a over a store in memory, at a time that stands. */
export class WorkerWorld {
  readonly clock = new ManualClock(noon);
  readonly objects = new MemoryNodeFeatures();
  readonly told: Told = {
    published: [],
    failed: [],
    outcomes: [],
    waiting: [],
    changes: 0,
    writes: 0,
    reads: 0,
    discoveries: 0,
  };
  readonly svids: FakeSvids;
  readonly worker: Worker;
  discovery: TimedDiscovery = discovered({ AVX2: {} });
  random = 0.5;
  /** Called before each read and write; may throw or wait. */
  beforeRead: () => unknown = () => undefined;
  beforeWrite: () => unknown = () => undefined;
  /** What a webhook makes of what is written. */
  mutate: (object: NodeFeature) => NodeFeature = (object) => object;
  /** Tells the worker of an object, as a watch might, late or twice. */
  tell: (object: unknown) => void = () => undefined;
  /** Says that a discovery would find something else. */
  sourceChanged: () => void = () => undefined;
  readonly #ca: TestCa;
  readonly #stop = new AbortController();
  #running: Promise<void> = Promise.resolve();

  /** @param ca whose seals a master would accept */
  constructor(ca: TestCa, svid: X509Svid | undefined) {
    this.#ca = ca;
    this.svids = new FakeSvids(svid);
    const { told, clock } = this;
    this.worker = new Worker(
      {
        own: this.#own(),
        svids: this.svids,
        discover: () => {
          told.discoveries += 1;
          return Promise.resolve(structuredClone(this.discovery));
        },
        watchSources: async (onChange) => {
          this.sourceChanged = onChange;
        },
        report: {
          published: (reason, iat) => told.published.push({ reason, iat, at: clock.now() }),
          waitingForIdentity: () => told.waiting.push(clock.now()),
          publishFailed: ({ code }) => told.failed.push(code),
          objectChanged: () => (told.changes += 1),
          publishing: () => (outcome) => told.outcomes.push(outcome),
        },
        clock,
        crypto: globalThis.crypto,
        random: () => this.random,
      },
      { ...workerDefaults, node: 'node-a', namespace: 'featureseal', cluster: 'demo', version: 'v1' },
    );
  }

  async start(): Promise<void> {
    this.#running = this.worker.run(this.#stop.signal);
    await this.idle();
  }

  /** Waits until the worker has nothing to do at this time of day. */
  async idle(): Promise<void> {
    await until(() => this.clock.asleep > 0);
  }

  /** Lets time pass, from one thing that is due to the next. */
  async pass(ms: number): Promise<void> {
    for (const end = this.clock.now() + ms; this.clock.now() < end; await this.idle()) {
      this.clock.advance(Math.max(1, Math.min(this.clock.nextDue, end) - this.clock.now()));
    }
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  get stored(): NodeFeature {
    return this.objects.get(key) as NodeFeature;
  }

  /** Why the seals so far were made. */
  get reasons(): string[] {
    return this.told.published.map(({ reason }) => reason);
  }

  /** The stored object as a master would judge it now. */
  verify() {
    const now = new Date(this.clock.now());
    return verifyNodeFeature(this.stored, { bundles: bundlesOf(this.#ca), policy: testPolicy(), now });
  }

  #own(): OwnNodeFeature {
    const own = this.objects.own(key);
    const write = async (
      object: NodeFeature,
      store: (object: NodeFeature) => Promise<unknown>,
    ): Promise<unknown> => {
      await this.beforeWrite();
      this.told.writes += 1;
      return store(this.mutate(object));
    };
    return {
      read: async (signal) => {
        this.told.reads += 1;
        await this.beforeRead();
        return own.read(signal);
      },
      create: (object, signal) => write(object, (each) => own.create(each, signal)),
      replace: (object, signal) => write(object, (each) => own.replace(each, signal)),
      watch: (onChange, signal) => {
        this.tell = onChange;
        return own.watch(onChange, signal);
      },
    };
  }
}

export function discovered(
  flags: Record<string, Record<string, never>>,
  labels: Record<string, string> = {},
): Discovery {
  return { features: { flags: { 'cpu.cpuid': { elements: flags } }, attributes: {}, instances: {} }, labels };
}

/** What a store does that fails. */
export function failure(code: ReasonCode): () => never {
  return () => {
    throw new FeaturesealError({ code, message: 'said the test' });
  };
}
