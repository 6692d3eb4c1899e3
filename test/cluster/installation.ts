import { mkdtemp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { apiVersion, kind, nodeNameLabel, type NodeFeature } from '../../src/feature/node-feature.ts';
import { DevelopmentIdentity } from '../../src/identity/development-identity.ts';
import type { KeyType } from '../../src/identity/key-type.ts';
import type { Clock } from '../../src/port/clock.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { silentLog } from '../../src/runtime/log.ts';
import { signNodeFeature } from '../../src/seal/sign.ts';
import type { ApiClient, KubeObject } from './api-client.ts';
import type { ControlPlane } from './control-plane.ts';
import { installCrds } from './crds.ts';
import { FeaturesealProcess, type ProcessOptions } from './featureseal-process.ts';
import { NodeHistory } from './node-history.ts';
import { grantRights } from './rbac.ts';
import {
  cluster,
  foreignNamespace,
  namespace,
  pluginFiles,
  policy,
  trustDomain,
  vendorId,
  vendorNamespace,
  workerId,
} from './scenario.ts';

/** A NodeFeature as the API server holds it. */
export type StoredNodeFeature = KubeObject & NodeFeature;

/** Namespaces, CRDs, rights: what stands in a cluster before anything of this project starts. */
export async function prepareCluster({ admin }: ControlPlane): Promise<void> {
  await installCrds(admin);
  for (const name of [namespace, vendorNamespace, foreignNamespace]) {
    await admin.create('/api/v1/namespaces', { metadata: { name } });
  }
  await grantRights(admin, namespace);
}

export interface InstallationOptions {
  readonly keyType?: KeyType;
  readonly svidTtlMs?: number;
}

/** One SPIFFE authority, and the workers and masters that live by it. */
export class Installation {
  readonly identity: DevelopmentIdentity;
  readonly #plane: ControlPlane;
  readonly #clock: SettableClock;
  readonly #processes: FeaturesealProcess[] = [];
  /** SPIFFE IDs by the names of their sockets. */
  readonly #sockets = new Map<string, string>();
  #fences = 0;

  private constructor(plane: ControlPlane, identity: DevelopmentIdentity, clock: SettableClock) {
    this.#plane = plane;
    this.identity = identity;
    this.#clock = clock;
  }

  static async create(plane: ControlPlane, options: InstallationOptions = {}): Promise<Installation> {
    const { keyType = 'ec-p256', svidTtlMs = 3_600_000 } = options;
    // Removed with the control plane, however this process ends.
    const directory = await mkdtemp(join(plane.folder, 'identity-'));
    const { crypto } = globalThis;
    const clock = new SettableClock();
    const common = { trustDomain, directory, keyType, crypto, clock, log: silentLog };
    const identity = await DevelopmentIdentity.create({ ...common, svidTtlMs });
    const installation = new Installation(plane, identity, clock);
    plane.beforeClose(() => installation.#close());
    return installation;
  }

  get admin(): ApiClient {
    return this.#plane.admin;
  }

  async startWorker(node: string): Promise<FeaturesealProcess> {
    const socket = await this.#serve(workerId(node), `worker-${node}`);
    const plugins = [{ module: './plugin.mjs' }];
    const config = { cluster, node, namespace, socket, plugins, discoverInterval: '1s' };
    return this.#start(`worker-${node}`, ['workers'], { command: 'worker', config, files: pluginFiles });
  }

  /** @param user whose writes the audit log of the API server shows */
  async startMaster(user = 'master', flags: readonly string[] = []): Promise<FeaturesealProcess> {
    // It asks for bundles only: any socket will do, whoever's it is.
    const socket = await this.#serve(workerId('none'), user);
    const files = { 'policy.yaml': JSON.stringify(policy) };
    return this.#start(user, ['masters'], { command: 'master', config: { namespace, socket }, files, flags });
  }

  /** The Workload API goes away, as when its agent is replaced; the authority stays the same. */
  async stopWorkloadApi(): Promise<void> {
    await this.identity.close();
  }

  async startWorkloadApi(): Promise<void> {
    for (const [name, spiffeId] of this.#sockets) await this.identity.serve(spiffeId, name);
  }

  async addNode(name: string): Promise<KubeObject> {
    return this.admin.create('/api/v1/nodes', { metadata: { name } });
  }

  /** Waits until the Node carries these labels. */
  async nodeCarries(name: string, labels: Readonly<Record<string, string>>): Promise<KubeObject> {
    return this.#until('/api/v1/nodes', name, ({ metadata }) => carries(metadata.labels, labels));
  }

  async object(node: string): Promise<StoredNodeFeature> {
    return (await this.admin.get(nodeFeaturePath(namespace, node))) as StoredNodeFeature;
  }

  /** Of one Node, from now on. */
  history(node: string): NodeHistory {
    const history = new NodeHistory(this.admin, node);
    this.#plane.beforeClose(() => history.close());
    return history;
  }

  /** Waits until the worker's object is as wanted. */
  async objectIs(node: string, isWanted: (object: StoredNodeFeature) => boolean): Promise<StoredNodeFeature> {
    return this.#until<StoredNodeFeature>(nodeFeaturePath(namespace), node, isWanted);
  }

  /** Creates or replaces, as somebody with every right in Kubernetes would. */
  async put(object: NodeFeature): Promise<KubeObject> {
    const { uid: _, resourceVersion: __, ...metadata } = object.metadata;
    const collection = nodeFeaturePath(metadata.namespace);
    const stored = (await this.admin.list(collection)).find((each) => each.metadata.name === metadata.name);
    if (stored === undefined) return this.admin.create(collection, { ...object, metadata });
    const { resourceVersion } = stored.metadata;
    const path = nodeFeaturePath(metadata.namespace, metadata.name);
    return this.admin.replace(path, { ...object, metadata: { ...metadata, resourceVersion } });
  }

  /** What a vendor of its own SPIFFE ID says of a node; sealed `ageMs` ago, with the SVID of that time. */
  async vendorObject(
    node: string,
    labels: Readonly<Record<string, string>>,
    ageMs = 0,
  ): Promise<NodeFeature> {
    const metadata = { name: node, namespace: vendorNamespace, labels: { [nodeNameLabel]: node } };
    const svid = await this.#clock.back(ageMs, () => this.identity.issue(vendorId(node)));
    const now = new Date(Date.now() - ageMs);
    return signNodeFeature({ apiVersion, kind, metadata, spec: { labels } }, { svid, cluster, now });
  }

  /**
   * Waits until the master has dealt with all that was written before: events come in the order of their writes, and a
   * node is patched with all that is known of it. Resolves with the Node, which carries a label of the vendor's then.
   */
  async fence(node: string): Promise<KubeObject> {
    // A new label each time: one that is there already is not changed for a while after a master's restart.
    const labels = { [`vendor.example/fence-${++this.#fences}`]: 'true' };
    await this.put(await this.vendorObject(node, labels));
    return this.nodeCarries(node, labels);
  }

  async #close(): Promise<void> {
    await Promise.all(this.#processes.map((each) => each.close()));
    await this.identity.close();
  }

  async #until<T extends KubeObject>(
    path: string,
    name: string,
    isWanted: (object: T) => boolean,
  ): Promise<T> {
    try {
      // No use in waiting for what an ended process should bring.
      return await Promise.race([
        this.admin.until<T>(path, name, isWanted),
        ...this.#processes.map((each) => each.ended),
      ]);
    } catch (cause) {
      const logs = this.#processes.map((each) => each.lastLines()).join('\n');
      throw new Error(`${cause instanceof Error ? cause.message : String(cause)}\n${logs}`, { cause });
    }
  }

  async #serve(spiffeId: string, name: string): Promise<string> {
    this.#sockets.set(name, spiffeId);
    return (await this.identity.serve(spiffeId, name)).address;
  }

  async #start(
    user: string,
    groups: readonly string[],
    options: ProcessOptions,
  ): Promise<FeaturesealProcess> {
    const kubeconfig = await this.#plane.kubeconfig(user, groups);
    const started = await FeaturesealProcess.start({ ...options, files: { ...options.files, kubeconfig } });
    this.#processes.push(started);
    return started;
  }
}

export function nodeFeaturePath(inNamespace: string, name?: string): string {
  const collection = `/apis/nfd.k8s-sigs.io/v1alpha1/namespaces/${inNamespace}/nodefeatures`;
  return name === undefined ? collection : `${collection}/${name}`;
}

export function carries(
  labels: Readonly<Record<string, string>> | undefined,
  wanted: Readonly<Record<string, string>>,
): boolean {
  return Object.entries(wanted).every(([key, value]) => labels?.[key] === value);
}

/** The time of day of the identities, which can be of yesterday. */
class SettableClock implements Clock {
  #backMs = 0;

  now(): number {
    return systemClock.now() - this.#backMs;
  }

  sleep(ms: number, signal: AbortSignal): Promise<void> {
    return systemClock.sleep(ms, signal);
  }

  async back<T>(ms: number, work: () => Promise<T>): Promise<T> {
    this.#backMs = ms;
    try {
      return await work();
    } finally {
      this.#backMs = 0;
    }
  }
}

/** Changes what the worker's plugin finds. */
export async function rediscovers(worker: FeaturesealProcess, found: unknown): Promise<void> {
  await writeFile(join(worker.folder, 'discovery.json'), JSON.stringify(found));
}
