import type { NodeFeature } from '../../../src/feature/node-feature.ts';
import { Master } from '../../../src/master/master.ts';
import type { MasterReport } from '../../../src/master/ports.ts';
import { masterDefaults, type MasterSettings } from '../../../src/master/settings.ts';
import { MemoryNodeFeatures } from '../../../src/memory/node-features.ts';
import { MemoryNodes } from '../../../src/memory/nodes.ts';
import type { FeedListener, NodeFeatureFeed } from '../../../src/port/node-feature-store.ts';
import type { NodeEvent, NodePatch, NodeStore, NodeView } from '../../../src/port/node-store.ts';
import type { X509Bundles } from '../../../src/port/svid-source.ts';
import { silentLog } from '../../../src/runtime/log.ts';
import type { TestCa } from '../../support/certificates.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { bundlesOf, day, minute, noon, testPolicy } from '../../support/sealing.ts';
import { until } from '../../support/until.ts';
import { FakeBundles } from './fake-bundles.ts';
import { trackedCrypto } from './tracked-crypto.ts';

export const key = 'featureseal/node-a';
/** Of what a worker finds where a test says nothing else. */
export const label = 'cpu-cpuid.AVX2';
export const full = `feature.node.kubernetes.io/${label}`;
export const tracking = 'nfd.node.kubernetes.io/feature-labels';
export const markKey = 'featureseal.io/accepted';
export const second = 1000;
/** The default of `deletionGrace`. */
export const grace = 5 * minute;

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
  /** `new NODE KEY KEY` or `again NODE KEY`, the default namespaces left out. */
  readonly overwritten: string[];
  readonly verdicts: string[];
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
  /** Tells the master of Nodes, as a watch might. */
  tellOfNode: (event: NodeEvent) => void = () => undefined;
  /** Tells the master of NodeFeatures, as a watch might. */
  tell: FeedListener = () => undefined;
  settings: MasterSettings;
  master!: Master;
  readonly #crypto = trackedCrypto();
  readonly #leadershipListeners = new Set<() => void>();
  #stop = new AbortController();
  #running: Promise<void> = Promise.resolve();

  constructor(ca: TestCa, settings: Partial<MasterSettings> = {}) {
    this.settings = { ...masterDefaults, policy: testPolicy(), ...settings };
    this.bundles = new FakeBundles(bundlesOf(ca));
    this.nodes.add('node-a', new Date(noon - day));
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
      run: (onEvent, signal) => {
        this.tellOfNode = onEvent;
        return this.nodes.run((event) => this.isNodeWatchBehind || onEvent(event), signal);
      },
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
      overwritten: ({ name }, keys, isNew) => {
        const short = keys.map((each) => each.replace(/^(feature|nfd)\.node\.kubernetes\.io\//, ''));
        this.told.overwritten.push([isNew ? 'new' : 'again', name, ...short].join(' '));
      },
      verifying: () => (verdict) => this.told.verdicts.push(verdict),
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
    overwritten: [],
    verdicts: [],
  };
}
