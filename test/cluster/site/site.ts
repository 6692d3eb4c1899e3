import { setTimeout as sleep } from 'node:timers/promises';
import { peekSeal } from '../../../src/seal/peek.ts';
import type { ControlPlane } from '../control-plane.ts';
import type { FeaturesealProcess } from '../featureseal-process.ts';
import { carries, nodeFeaturePath, rediscovers } from '../installation.ts';
import { NodeHistory } from '../node-history.ts';
import { discovery, foundLabels, namespace } from '../scenario.ts';
import { Kubelet } from './kubelet.ts';
import type { Link } from './link.ts';
import { startAuthority, startMaster, startNodePlugin, startWorker } from './processes.ts';
import type { Labels, Scene, SceneName, Seal, View } from './scenes.ts';

const nodes = { site: 'node-site', cloud: 'node-cloud' } as const;
type Place = keyof typeof nodes;

const authorityPort = 8443;
const askAgainMs = 200;

/**
 * A cloud, which is this process's network, with API server, the development identity's authority, the master and one
 * node; a site with another node, behind the link. Each process has the rights that are shipped, and no others.
 */
export class Site {
  readonly #plane: ControlPlane;
  readonly #processes = new Map<string, FeaturesealProcess>();
  readonly #ended = Promise.withResolvers<never>();
  #history: NodeHistory | undefined;

  /** Of a control plane with all that is shipped in it. */
  constructor(plane: ControlPlane) {
    this.#plane = plane;
    this.#ended.promise.catch(() => undefined);
  }

  /** Resolves when both Nodes have their labels. */
  async start(link: Link): Promise<void> {
    const { admin } = this.#plane;
    const cloud = await Kubelet.create(this.#plane, nodes.cloud);
    const site = await Kubelet.create(this.#plane, nodes.site);
    const authority = `${link.cloudAddress}:${authorityPort}`;
    this.#add('authority', await startAuthority(cloud, authority));
    for (const [kubelet, enter] of [
      [cloud, []],
      [site, link.enter],
    ] as const) {
      this.#add(`plugin ${kubelet.node}`, await startNodePlugin(kubelet, admin, authority, enter));
      this.#add(kubelet.node, await startWorker(kubelet, enter));
    }
    this.#add('master', await startMaster(cloud));
    await this.until(({ labels }) => Object.values(labels).every((each) => carries(each, foundLabels)));
    const history = new NodeHistory(admin, nodes.site);
    this.#plane.beforeClose(() => history.close());
    this.#history = history;
  }

  worker(place: Place): FeaturesealProcess {
    return this.#process(nodes[place]);
  }

  get master(): FeaturesealProcess {
    return this.#process('master');
  }

  /** Rejects when a process ends that nobody has stopped. */
  get ended(): Promise<never> {
    return this.#ended.promise;
  }

  /** What each process said last. */
  lastLines(): string {
    return [...this.#processes].map(([name, each]) => `=== ${name}\n${each.lastLines()}`).join('\n');
  }

  /** A worker finds one label more. @returns as its Node gets it */
  async finds(place: Place, label: string): Promise<Labels> {
    const labels = { ...discovery.labels, [label]: 'yes' };
    await rediscovers(this.worker(place), { ...discovery, labels });
    return { [`feature.node.kubernetes.io/test-${label}`]: 'yes' };
  }

  async deleteObject(place: Place): Promise<void> {
    await this.#plane.admin.delete(nodeFeaturePath(namespace, nodes[place]));
  }

  /** Waits as long as it takes. */
  async until(holds: (view: View) => boolean): Promise<void> {
    while (!holds(await this.#view())) await sleep(askAgainMs);
  }

  async untilSvidHasEnded(): Promise<void> {
    while ((await this.#seal()).svidLife <= 1) await sleep(askAgainMs);
  }

  /** What there is now. */
  async scene(name: SceneName): Promise<Scene> {
    const unlabelled = await this.#unlabelled();
    return { name, ...(await this.#view()), unlabelled, seal: await this.#seal() };
  }

  async #view(): Promise<View> {
    const labelsAt = async (place: Place): Promise<Labels> =>
      (await this.#plane.admin.get(`/api/v1/nodes/${nodes[place]}`)).metadata.labels ?? {};
    const labels = { site: await labelsAt('site'), cloud: await labelsAt('cloud') };
    const { text } = await this.master.health('/metrics');
    return { labels, stale: Number(/^featureseal_master_stale_objects (\d+)$/m.exec(text)?.[1]) };
  }

  async #seal(): Promise<Seal> {
    const object = await this.#plane.admin.get(nodeFeaturePath(namespace, nodes.site));
    const claim = await peekSeal(object, globalThis.crypto);
    if (claim === undefined) throw new Error('the object of the site has no seal');
    const { iat, signer, leafNotBefore, leafNotAfter } = claim;
    const begin = leafNotBefore.getTime();
    return { iat, signer, svidLife: (Date.now() - begin) / (leafNotAfter.getTime() - begin) };
  }

  async #unlabelled(): Promise<number> {
    const { metadata } = await this.#plane.admin.get(`/api/v1/nodes/${nodes.site}`);
    await this.#history?.reaches(metadata.resourceVersion);
    return this.#history?.labels.filter((each) => !carries(each, foundLabels)).length ?? 0;
  }

  #process(name: string): FeaturesealProcess {
    const found = this.#processes.get(name);
    if (found === undefined) throw new TypeError(`${name} is not started`);
    return found;
  }

  #add(name: string, started: FeaturesealProcess): void {
    this.#processes.set(name, started);
    this.#plane.beforeClose(() => started.close());
    started.ended.catch((thrown: unknown) => this.#ended.reject(thrown));
  }
}
