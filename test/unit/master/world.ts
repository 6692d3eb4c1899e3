import { beforeAll } from '@jest/globals';
import type { Crypto } from '../../../src/crypto.ts';
import type { FeaturesealError } from '../../../src/error.ts';
import type { NodeFeature } from '../../../src/feature/node-feature.ts';
import { Master } from '../../../src/master/master.ts';
import type { MasterReport } from '../../../src/master/ports.ts';
import { masterDefaults, type MasterSettings } from '../../../src/master/settings.ts';
import { MemoryNodeFeatures } from '../../../src/memory/node-features.ts';
import { MemoryNodes } from '../../../src/memory/nodes.ts';
import type { FeedListener, NodeFeatureFeed } from '../../../src/port/node-feature-store.ts';
import type { NodePatch, NodeStore, NodeView } from '../../../src/port/node-store.ts';
import type { BundleSource, X509Bundles } from '../../../src/port/svid-source.ts';
import { silentLog } from '../../../src/runtime/log.ts';
import type { TestCa, TestSvid } from '../../support/certificates.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import {
  bundlesOf,
  day,
  issue,
  nodeFeature,
  noon,
  rootCa,
  seal,
  testPolicy,
  vendorId,
  workerId,
  type ObjectOptions,
} from '../../support/sealing.ts';
import { until } from '../../support/until.ts';

export const key = 'featureseal/node-a';
export const tracking = 'nfd.node.kubernetes.io/feature-labels';
export const markKey = 'featureseal.io/accepted';

let ca: TestCa;
let worker: TestSvid;

/** One authority and one worker's SVID for the tests of a file; the SVID lives from an hour before noon until an hour after. */
export function useAuthority(): { readonly ca: () => TestCa; readonly worker: () => TestSvid } {
  beforeAll(async () => {
    ca = await rootCa();
    worker = await issue(ca);
  });
  return { ca: () => ca, worker: () => worker };
}

/** A sealed object of node-a's worker. */
export async function sealed(
  options: ObjectOptions & { readonly at?: number; readonly by?: TestSvid } = {},
): Promise<NodeFeature> {
  const { at = noon, by } = options;
  return seal(nodeFeature(options), by ?? (await signerOf(options)), { at });
}

async function signerOf({ node = 'node-a', namespace = 'featureseal' }: ObjectOptions): Promise<TestSvid> {
  if (node === 'node-a' && namespace === 'featureseal') return worker;
  return issue(ca, { spiffeId: namespace === 'vendor' ? vendorId(node) : workerId(node) });
}

/** Counts what is under way, so that a test knows when nothing is. */
function trackedCrypto(): { readonly crypto: Crypto; readonly isBusy: () => boolean } {
  let underWay = 0;
  const subtle = new Proxy(globalThis.crypto.subtle, {
    get(target, name): unknown {
      const member: unknown = Reflect.get(target, name);
      if (typeof member !== 'function') return member;
      return (...args: unknown[]): unknown => {
        underWay += 1;
        const done = (): void => void (underWay -= 1);
        const result = Reflect.apply(member, target, args) as Promise<unknown>;
        void result.then(done, done);
        return result;
      };
    },
  });
  const crypto = new Proxy(globalThis.crypto, {
    get: (target, name): unknown => (name === 'subtle' ? subtle : Reflect.get(target, name)),
  });
  return { crypto, isBusy: () => underWay > 0 };
}

class FakeBundles implements BundleSource {
  /** As of a stream that was lost. */
  error: FeaturesealError | undefined;
  #current: X509Bundles | undefined;
  readonly #listeners = new Set<() => void>();

  constructor(current: X509Bundles | undefined) {
    this.#current = current;
  }

  current(): X509Bundles | undefined {
    return this.#current;
  }

  lastError(): FeaturesealError | undefined {
    return this.error;
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  give(bundles: X509Bundles | undefined): void {
    this.#current = bundles;
    for (const listener of this.#listeners) listener();
  }
}

interface Told {
  readonly verified: string[];
  /** `key code` */
  readonly refused: string[];
  readonly stale: [string, boolean][];
  readonly lapsed: string[];
  readonly overflowed: string[];
  readonly failed: string[];
  readonly dropped: string[];
  readonly problems: string[];
}

/** A master over stores in memory, at a time that stands. */
export class MasterWorld {
  readonly clock = new ManualClock(noon);
  readonly objects = new MemoryNodeFeatures();
  readonly nodes = new MemoryNodes();
  readonly bundles: FakeBundles;
  /** Every patch that was stored. */
  readonly patches: { readonly node: string; readonly patch: NodePatch }[] = [];
  told: Told = nothingTold();
  isLeader = true;
  /** Called before a patch reaches the store; may throw or wait. */
  beforePatch: (seen: NodeView, patch: NodePatch) => unknown = () => undefined;
  /** Changes of Nodes are not told. */
  isNodeWatchBehind = false;
  /** Called before an object is read; may throw or wait. */
  beforeRead: () => unknown = () => undefined;
  /** Tells the master of NodeFeatures, as a watch might. */
  tell: FeedListener = () => undefined;
  settings: MasterSettings;
  master!: Master;
  readonly #crypto = trackedCrypto();
  readonly #leadershipListeners = new Set<() => void>();
  #stop = new AbortController();
  #running: Promise<void> = Promise.resolve();

  constructor(settings: Partial<MasterSettings> = {}) {
    this.settings = { ...masterDefaults, policy: testPolicy(), ...settings };
    this.bundles = new FakeBundles(bundlesOf(ca));
    this.nodes.add('node-a', new Date(noon - day));
  }

  /** A world whose master has seen the objects given. */
  static async with(...objects: readonly (NodeFeature | Promise<NodeFeature>)[]): Promise<MasterWorld> {
    const world = new MasterWorld();
    await world.start();
    for (const object of objects) await world.put(object);
    return world;
  }

  async start(): Promise<void> {
    this.#stop = new AbortController();
    this.master = new Master(
      {
        feed: this.#feed(),
        nodes: this.#nodeStore(),
        bundles: this.settings.policy.mode === 'off' ? undefined : this.bundles,
        leadership: {
          isLeader: () => this.isLeader,
          onChange: (listener) => {
            this.#leadershipListeners.add(listener);
            return () => this.#leadershipListeners.delete(listener);
          },
        },
        report: this.#report(),
        clock: this.clock,
        log: silentLog,
        crypto: this.#crypto.crypto,
      },
      this.settings,
    );
    this.#running = this.master.run(this.#stop.signal);
    await this.idle();
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  /** The process ends and another one begins: what only memory held is gone. */
  async restart(settings: Partial<MasterSettings> = {}): Promise<void> {
    await this.stop();
    this.settings = { ...this.settings, ...settings };
    this.told = nothingTold();
    this.patches.splice(0);
    await this.start();
  }

  lead(isLeader: boolean): void {
    this.isLeader = isLeader;
    for (const listener of this.#leadershipListeners) listener();
  }

  async put(object: NodeFeature | Promise<NodeFeature>): Promise<void> {
    this.objects.put(await object);
    await this.idle();
  }

  async giveBundles(bundles: X509Bundles | undefined): Promise<void> {
    this.bundles.give(bundles);
    await this.idle();
  }

  /** Waits until the master has nothing to do at this time of day: all else is memory and takes no turn. */
  async idle(): Promise<void> {
    let quietTurns = 0;
    await until(() => (quietTurns = this.#crypto.isBusy() ? 0 : quietTurns + 1) > 2);
  }

  /** Waits until an object is under judgement, and gives its verdict no chance to come yet. */
  async judging(): Promise<void> {
    for (let turn = 0; !this.#crypto.isBusy(); turn += 1) {
      if (turn > 1000) throw new Error('nothing is being judged');
      await Promise.resolve();
    }
  }

  /** Lets time pass, from one thing that is due to the next. */
  async pass(ms: number): Promise<void> {
    for (const end = this.clock.now() + ms; this.clock.now() < end; await this.idle()) {
      this.clock.advance(Math.max(1, Math.min(this.clock.nextDue, end) - this.clock.now()));
    }
  }

  node(name = 'node-a'): NodeView {
    const node = this.nodes.get(name);
    if (node === undefined) throw new Error(`no node ${name}`);
    return node;
  }

  /** Labels of a node, the default namespace left out. */
  labels(name = 'node-a'): Record<string, string> {
    const entries = Object.entries(this.node(name).labels);
    return Object.fromEntries(
      entries.map(([label, value]) => [label.replace('feature.node.kubernetes.io/', ''), value]),
    );
  }

  /** The mark of a node. */
  mark(
    name = 'node-a',
  ): { uid: string; objects: Record<string, { iat: number; digest?: string; signer: string }> } | undefined {
    const text = this.node(name).annotations[markKey];
    return text === undefined ? undefined : (JSON.parse(text) as ReturnType<MasterWorld['mark']>);
  }

  #feed(): NodeFeatureFeed {
    return {
      run: (onEvent, signal) => {
        this.tell = onEvent;
        return this.objects.run(onEvent, signal);
      },
      read: async (of) => {
        await this.beforeRead();
        return this.objects.read(of);
      },
    };
  }

  #nodeStore(): NodeStore {
    return {
      run: (onEvent, signal) => this.nodes.run((event) => this.isNodeWatchBehind || onEvent(event), signal),
      read: (name) => this.nodes.read(name),
      patch: async (seen, patch) => {
        await this.beforePatch(seen, patch);
        const stored = await this.nodes.patch(seen, patch);
        this.patches.push({ node: seen.name, patch });
        return stored;
      },
    };
  }

  #report(): MasterReport {
    return {
      verified: (of) => this.told.verified.push(of),
      refused: ({ key: of, code }) => this.told.refused.push(`${of} ${code}`),
      stale: (of, isStale) => this.told.stale.push([of, isStale]),
      lapsed: (of) => this.told.lapsed.push(of),
      overflowed: (of) => this.told.overflowed.push(of),
      patched: () => undefined,
      patchFailed: (_, code) => this.told.failed.push(code),
      dropped: (_, labels) => this.told.dropped.push(...labels.map(({ key: label }) => label)),
      markProblem: (_, problem) => this.told.problems.push(problem),
    };
  }
}

function nothingTold(): Told {
  return {
    verified: [],
    refused: [],
    stale: [],
    lapsed: [],
    overflowed: [],
    failed: [],
    dropped: [],
    problems: [],
  };
}
