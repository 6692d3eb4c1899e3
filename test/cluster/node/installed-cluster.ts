import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Kubectl } from './kubectl.ts';

export interface Named {
  readonly metadata: {
    readonly name: string;
    readonly uid: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
}

export interface NodeFeature extends Named {
  readonly spec: { readonly labels?: Readonly<Record<string, string>> };
}

export const namespace = 'featureseal';

const overlays = join(import.meta.dirname, '../../../deploy/overlays');
// Those of the DaemonSet: a label of a worker may be anybody's.
const workers = ['-n', namespace, '-l', 'app.kubernetes.io/component=worker,controller-revision-hash'];
const ours = /^(?:feature|profile)\.node\.kubernetes\.io\//;

/** An overlay on a cluster, and one node of it that is looked at. */
export class InstalledCluster {
  readonly #cluster: () => Kubectl;
  readonly #overlay: string;
  #node = '';

  /** @param cluster asked once tests run */
  constructor(cluster: () => Kubectl, overlay: string) {
    this.#cluster = cluster;
    this.#overlay = overlay;
  }

  /** @param folder of the overlay, or of another one that builds on it */
  async install(folder: string): Promise<void> {
    await this.#definitions();
    await this.kubectl('apply', '-k', folder);
    await this.rollout(namespace, 'daemonset/featureseal-worker');
    await this.rollout(namespace, 'deployment/featureseal-master');
    this.#node = await this.#ofWorker('spec.nodeName');
    await this.until(`${this.node} is labelled`, async () => (await this.ownLabels()).length > 3);
  }

  /** Name of the node that is looked at. */
  get node(): string {
    return this.#node;
  }

  get cluster(): Kubectl {
    return this.#cluster();
  }

  kubectl(...args: readonly string[]): Promise<string> {
    return this.cluster.run(...args);
  }

  until(what: string, asked: () => Promise<boolean>): Promise<void> {
    return this.cluster.until(what, asked);
  }

  rollout(inNamespace: string, workload: string): Promise<string> {
    return this.kubectl('-n', inNamespace, 'rollout', 'status', workload, '--timeout=180s');
  }

  /** Of the node, those that only a master of ours writes. */
  async ownLabels(): Promise<readonly string[]> {
    const { metadata } = await this.cluster.json<Named>('node', this.node);
    return Object.keys(metadata.labels ?? {}).filter((key) => ours.test(key));
  }

  nodeFeature(): Promise<NodeFeature> {
    return this.cluster.json<NodeFeature>('-n', namespace, 'nodefeature', this.node);
  }

  async seal(): Promise<string> {
    return (await this.nodeFeature()).metadata.annotations?.['featureseal.io/signature'] ?? '';
  }

  workerPod(): Promise<string> {
    return this.#ofWorker('metadata.name');
  }

  /** Every worker anew, and so with an identity anew; returns when one has signed with it. */
  async replaceWorkers(whileGone?: () => Promise<void>): Promise<void> {
    const sealed = await this.seal();
    await this.kubectl('delete', 'pods', ...workers, '--force');
    await whileGone?.();
    await this.rollout(namespace, 'daemonset/featureseal-worker');
    await this.until('the new worker has signed', async () => (await this.seal()) !== sealed);
  }

  /** Where an overlay has them apart, they come first; those that are there stay as they are. */
  async #definitions(): Promise<void> {
    const folder = join(overlays, this.#overlay, 'crd');
    if (!existsSync(folder)) return;
    const said = await this.kubectl('create', '-k', folder).catch(String);
    const problems = said
      .split('\n')
      .filter((line) => /^(?:Error from server|error:)/.test(line) && !line.includes('(AlreadyExists)'));
    if (problems.length > 0) throw new Error(problems.join('\n'));
    await this.kubectl('wait', '--for=condition=Established', 'crd', '--all', '--timeout=60s');
  }

  #ofWorker(path: string): Promise<string> {
    return this.kubectl('get', 'pods', ...workers, '-o', `jsonpath={.items[0].${path}}`);
  }
}
