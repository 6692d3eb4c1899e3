import { setTimeout as sleep } from 'node:timers/promises';
import { ControlPlane } from '../control-plane.ts';
import type { FeaturesealProcess } from '../featureseal-process.ts';
import { Installation, nodeFeaturePath, prepareCluster, rediscovers } from '../installation.ts';
import { discovery, foundLabels, vendorNamespace } from '../scenario.ts';
import { Link } from './link.ts';
import { startRelayedWorker } from './relayed-worker.ts';

export const node = 'node-a';
/** Of an object that only the cloud holds up. */
export const vendorLabel = 'vendor.example/card';

/** Short lives, in which a seal of an ordinary worker, made anew at half of an SVID's life, never is stale. */
const svidTtlMs = 60_000;
const flags = ['--max-age', '75s', '--deletion-grace', '5s'];
const askAgainMs = 200;

/**
 * A cloud with API server, identity authority and master in this process's network, and a site with one worker behind a
 * link. Needs root. What is waited for here has no deadline of its own.
 */
export class Site {
  readonly link: Link;
  readonly world: Installation;
  readonly worker: FeaturesealProcess;
  readonly #master: FeaturesealProcess;
  readonly #close: () => Promise<void>;

  private constructor(
    parts: Pick<Site, 'link' | 'world' | 'worker'>,
    master: FeaturesealProcess,
    close: () => Promise<void>,
  ) {
    this.link = parts.link;
    this.world = parts.world;
    this.worker = parts.worker;
    this.#master = master;
    this.#close = close;
  }

  /** @param bin folder of the programs, FEATURESEAL_CLUSTER_BIN in tests */
  static async start(bin: string): Promise<Site> {
    const closers: (() => Promise<void>)[] = [];
    const close = async (): Promise<void> => {
      for (const each of closers.splice(0).toReversed()) await each();
    };
    try {
      const link = await Link.create();
      closers.push(() => link.close());
      const plane = await ControlPlane.start(bin, link.cloudAddress);
      closers.push(() => plane.close());
      await prepareCluster(plane);
      const world = await Installation.create(plane, { svidTtlMs });
      await world.addNode(node);
      const relayed = await startRelayedWorker(link, world, node);
      closers.push(() => relayed.close());
      const { worker } = relayed;
      const master = await world.startMaster('master', flags);
      await world.put(await world.vendorObject(node, { [vendorLabel]: 'fast' }));
      await world.nodeCarries(node, { ...foundLabels, [vendorLabel]: 'fast' });
      return new Site({ link, world, worker }, master, close);
    } catch (thrown) {
      await close();
      throw thrown;
    }
  }

  /** Of the Node, as the cloud has it. */
  async labels(): Promise<Readonly<Record<string, string>>> {
    return (await this.world.admin.get(`/api/v1/nodes/${node}`)).metadata.labels ?? {};
  }

  /** The worker finds one label more. */
  async finds(label: string): Promise<void> {
    await rediscovers(this.worker, { ...discovery, labels: { ...discovery.labels, [label]: 'yes' } });
  }

  async deleteVendorObject(): Promise<void> {
    await this.world.admin.delete(nodeFeaturePath(vendorNamespace, node));
    while (vendorLabel in (await this.labels())) await sleep(askAgainMs);
  }

  /** Resolves when the master shows that many objects as stale. */
  async untilStale(count: number): Promise<void> {
    const pattern = /^featureseal_master_stale_objects (\d+)$/m;
    const stale = async (): Promise<number> =>
      Number(pattern.exec((await this.#master.health('/metrics')).text)?.[1]);
    while ((await stale()) !== count) await sleep(askAgainMs);
  }

  /** Resolves when the worker says that its SVID has ended. */
  async untilWithoutIdentity(since: number): Promise<void> {
    await this.worker.says(({ message }) => message === 'there is no SVID to sign with; waiting', since);
  }

  close(): Promise<void> {
    return this.#close();
  }
}
