import { nodeNameLabel, type NodeFeature } from '../../../src/feature/node-feature.ts';
import { Master } from '../../../src/master/master.ts';
import { masterDefaults, type MasterSettings } from '../../../src/master/settings.ts';
import { MemoryNodeFeatures } from '../../../src/memory/node-features.ts';
import { MemoryNodes } from '../../../src/memory/nodes.ts';
import { soleLeader } from '../../../src/port/leadership.ts';
import type { ObjectKey } from '../../../src/port/node-feature-store.ts';
import { systemClock } from '../../../src/runtime/clock.ts';
import { silentLog } from '../../../src/runtime/log.ts';
import { parsePolicy } from '../../../src/seal/policy.ts';
import { WorkloadApiClient } from '../../../src/spiffe/workload-api/client.ts';
import { X509BundleSource, X509Source } from '../../../src/spiffe/workload-api/source.ts';
import { workerDefaults, type WorkerSettings } from '../../../src/worker/settings.ts';
import { Worker } from '../../../src/worker/worker.ts';
import { Journal } from './journal.ts';

export const clusterName = 'demo';
export const nodeName = 'node-a';
export const workerKey: ObjectKey = `featureseal/${nodeName}`;
export const workerPath = `featureseal/worker/${clusterName}/${nodeName}`;
export const vendorPath = `vendor/${clusterName}/${nodeName}`;
export const vendorKey: ObjectKey = `vendor/${nodeName}`;
/** The one label that the worker discovers; its value is up to the test. */
export const workerLabel = 'feature.node.kubernetes.io/spire-round';
export const vendorLabel = 'vendor.example/card';

/** A worker or a master that runs. */
interface Loop {
  /** Resolves when it has ended. */
  readonly stop: () => Promise<void>;
}

const dayMs = 24 * 60 * 60 * 1000;

/** The workers of a trust domain, and a vendor that may speak of its own things only. */
function policyText(trustDomain: string): string {
  return `
cluster: ${clusterName}
signers:
  - name: worker
    spiffeIDs: ["spiffe://${trustDomain}/featureseal/worker/{cluster}/{node}"]
    namespace: featureseal
    features: ["*"]
    labels: ["*"]
  - name: vendor
    spiffeIDs: ["spiffe://${trustDomain}/vendor/{cluster}/{node}"]
    namespace: vendor
    labels: ["vendor.example/*"]
`;
}

/** What the vendor publishes, before it is sealed. */
export function vendorObject(labels: Readonly<Record<string, string>>): NodeFeature {
  return {
    apiVersion: 'nfd.k8s-sigs.io/v1alpha1',
    kind: 'NodeFeature',
    metadata: { name: nodeName, namespace: 'vendor', labels: { [nodeNameLabel]: nodeName } },
    spec: { features: { flags: {}, attributes: {}, instances: {} }, labels },
  };
}

/** A cluster in memory with the real loops of worker and master, each at a Workload API socket. */
export class Cluster {
  readonly journal = new Journal();
  readonly objects = new MemoryNodeFeatures();
  readonly nodes = new MemoryNodes();
  /** What the worker discovers next. */
  round = 1;
  readonly #loops: Loop[] = [];

  constructor() {
    this.nodes.add(nodeName, new Date(Date.now() - dayMs));
  }

  /** The labels of the Node that these tests are about. */
  get labels(): Readonly<Record<string, string>> {
    return this.nodes.get(nodeName)?.labels ?? {};
  }

  startWorker(
    address: string,
    settings: Partial<WorkerSettings> = {},
  ): Loop & { readonly svids: X509Source } {
    const log = this.journal.client('worker');
    const svids = new X509Source({ client: new WorkloadApiClient({ address, log }) });
    const worker = new Worker(
      {
        svids,
        own: this.objects.own(workerKey),
        discover: async () => ({
          features: { flags: {}, attributes: {}, instances: {} },
          labels: { [workerLabel]: String(this.round) },
        }),
        report: this.journal.worker,
        clock: systemClock,
        crypto: globalThis.crypto,
        random: Math.random,
      },
      {
        ...workerDefaults,
        node: nodeName,
        namespace: 'featureseal',
        cluster: clusterName,
        version: 'test',
        discoverIntervalMs: 200,
        ...settings,
      },
    );
    return { ...this.#run((signal) => worker.run(signal), svids), svids };
  }

  startMaster(
    address: string,
    trustDomain: string,
    settings: Partial<MasterSettings> = {},
  ): Loop & { readonly master: Master } {
    const log = this.journal.client('master');
    const bundles = new X509BundleSource({ client: new WorkloadApiClient({ address, log }) });
    const master = new Master(
      {
        bundles,
        feed: this.objects,
        nodes: this.nodes,
        leadership: soleLeader,
        report: this.journal.master,
        clock: systemClock,
        log: silentLog,
        crypto: globalThis.crypto,
      },
      { ...masterDefaults, policy: parsePolicy(policyText(trustDomain)), tickMs: 100, ...settings },
    );
    return { ...this.#run((signal) => master.run(signal), bundles), master };
  }

  /** The worker finds something else; resolves when the Node carries it. */
  async nextRound(): Promise<void> {
    const from = this.journal.entries.length;
    this.round += 1;
    await this.journal.until('patched', () => this.labels[workerLabel] === String(this.round), from);
  }

  async close(): Promise<void> {
    for (const loop of this.#loops) await loop.stop();
  }

  #run(run: (signal: AbortSignal) => Promise<void>, source: { close(): void }): Loop {
    const abort = new AbortController();
    const running = run(abort.signal).finally(() => source.close());
    const loop: Loop = {
      stop: () => {
        abort.abort();
        return running;
      },
    };
    this.#loops.push(loop);
    return loop;
  }
}
