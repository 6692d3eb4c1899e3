import { mkdtemp, rm } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NodeFeature } from '../../feature/node-feature.ts';
import { DevelopmentIdentity } from '../../identity/development-identity.ts';
import { Master } from '../../master/master.ts';
import { masterDefaults } from '../../master/settings.ts';
import { MemoryNodeFeatures } from '../../memory/node-features.ts';
import { MemoryNodes } from '../../memory/nodes.ts';
import type { DiscoveryResult } from '../../plugin/discover.ts';
import { soleLeader } from '../../port/leadership.ts';
import type { ObjectKey } from '../../port/node-feature-store.ts';
import type { X509Svid } from '../../port/svid-source.ts';
import { silentLog } from '../../runtime/log.ts';
import { parsePolicy } from '../../seal/policy.ts';
import { signNodeFeature } from '../../seal/sign.ts';
import { WorkloadApiClient } from '../../spiffe/workload-api/client.ts';
import { X509BundleSource, X509Source } from '../../spiffe/workload-api/source.ts';
import { workerDefaults } from '../../worker/settings.ts';
import { Worker } from '../../worker/worker.ts';
import type { CliContext } from '../context.ts';
import { Happenings } from './happenings.ts';

const trustDomain = 'example.org';
const cluster = 'demo';
const workerNamespace = 'featureseal';
export const vendorNamespace = 'vendor';

const dayMs = 24 * 60 * 60 * 1000;

/** Policy of the demo: the workers, and a vendor that may speak of its own things only. */
const policyText = `
cluster: ${cluster}
signers:
  - name: worker
    spiffeIDs: ["spiffe://${trustDomain}/featureseal/worker/{cluster}/{node}"]
    namespace: ${workerNamespace}
    features: ["*"]
    labels: ["*"]
  - name: vendor
    spiffeIDs: ["spiffe://${trustDomain}/vendor/{cluster}/{node}"]
    namespace: ${vendorNamespace}
    features: ["vendor.*"]
    labels: ["vendor.example/*"]
`;

export interface WorldOptions {
  readonly svidTtlMs: number;
  /** The discovery of the worker of this node. */
  readonly discoverAs: (nodeName: string) => (signal: AbortSignal) => Promise<DiscoveryResult>;
}

/**
 * The embedded default: a SPIFFE authority with real Workload API sockets, a store in memory, the worker of this host
 * and the master, all in this process and over the same ports as in a cluster.
 */
export class World {
  readonly node: string;
  readonly otherNode: string;
  readonly objects = new MemoryNodeFeatures();
  readonly nodes = new MemoryNodes();
  readonly happenings = new Happenings();
  readonly #context: CliContext;
  readonly #stop = new AbortController();
  readonly #closers: (() => unknown)[] = [];
  readonly #identity: DevelopmentIdentity;
  #running: Promise<unknown> = Promise.resolve();

  private constructor(context: CliContext, identity: DevelopmentIdentity) {
    this.#context = context;
    this.#identity = identity;
    this.node = nodeNameOf(hostname());
    this.otherNode = `not-${this.node}`.slice(0, 63);
  }

  static async create(context: CliContext, options: WorldOptions): Promise<World> {
    const directory = await mkdtemp(join(tmpdir(), 'featureseal-demo-'));
    const { clock, crypto } = context;
    const log = silentLog;
    const identity = await DevelopmentIdentity.create({
      trustDomain,
      directory,
      clock,
      crypto,
      log,
      ...options,
    });
    const world = new World(context, identity);
    world.#closers.push(
      () => identity.close(),
      () => rm(directory, { recursive: true, force: true }),
    );
    await world.#start(options);
    return world;
  }

  get key(): ObjectKey {
    return `${workerNamespace}/${this.node}`;
  }

  /** An SVID as a workload of that identity gets it: from a Workload API socket. */
  async identityOf(role: 'worker' | 'vendor', node: string): Promise<X509Svid> {
    const path = role === 'worker' ? `featureseal/worker/${cluster}/${node}` : `vendor/${cluster}/${node}`;
    const served = await this.#identity.serve(
      `spiffe://${trustDomain}/${path}`,
      `${role}-of-${node}`.slice(0, 40),
    );
    const client = this.#client(served.address);
    const [svid] = await client.fetchX509Svids(this.#context.signal);
    await served.close();
    if (svid === undefined) throw new TypeError('the Workload API never gives an empty list');
    return svid;
  }

  /** Seals as the holder of that identity would, for this cluster. */
  seal(object: NodeFeature, svid: X509Svid): Promise<NodeFeature> {
    const { clock, crypto } = this.#context;
    return signNodeFeature(object, { svid, cluster, now: new Date(clock.now()), crypto });
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await this.#running;
    for (const close of this.#closers) await close();
  }

  async #start({ discoverAs }: WorldOptions): Promise<void> {
    const discover = discoverAs(this.node);
    const { clock, crypto } = this.#context;
    const signal = AbortSignal.any([this.#stop.signal, this.#context.signal]);
    for (const name of [this.node, this.otherNode]) this.nodes.add(name, new Date(clock.now() - dayMs));

    const id = `spiffe://${trustDomain}/featureseal/worker/${cluster}/${this.node}`;
    const { address } = await this.#identity.serve(id, 'worker');
    const svids = new X509Source({ client: this.#client(address) });
    const bundles = new X509BundleSource({ client: this.#client(address) });
    this.#closers.unshift(
      () => {
        svids.close();
      },
      () => {
        bundles.close();
      },
    );

    const ports = { clock, crypto, report: this.happenings };
    const worker = new Worker(
      {
        ...ports,
        svids,
        own: this.objects.own(this.key),
        discover: async (until) => {
          const { discovery, validUntil } = await discover(until);
          return { ...discovery, ...(validUntil && { validUntil }) };
        },
        random: Math.random,
      },
      { ...workerDefaults, node: this.node, namespace: workerNamespace, cluster, version: 'demo' },
    );
    const master = new Master(
      { ...ports, feed: this.objects, nodes: this.nodes, bundles, leadership: soleLeader, log: silentLog },
      { ...masterDefaults, policy: parsePolicy(policyText) },
    );
    this.#running = Promise.all([worker.run(signal), master.run(signal)]);
  }

  #client(address: string): WorkloadApiClient {
    const { clock, crypto } = this.#context;
    return new WorkloadApiClient({ address, clock, crypto });
  }
}

/** A host's name as a Node would have it: DNS-1123. */
function nodeNameOf(host: string): string {
  const name = host
    .toLowerCase()
    .replaceAll(/[^a-z0-9.-]/g, '-')
    .replaceAll(/\.+/g, '.')
    .slice(0, 58)
    .replaceAll(/^[^a-z0-9]+|[^a-z0-9]+$/g, '');
  return name === ''
    ? 'localhost'
    : name
        .split('.')
        .map((part) => part.replaceAll(/^-+|-+$/g, '') || 'x')
        .join('.');
}
