import { join } from 'node:path';
import type { Crypto } from '../../crypto.ts';
import { asFeaturesealError } from '../../error.ts';
import type { Clock } from '../../port/clock.ts';
import type { Log } from '../../port/log.ts';
import { GrpcServer } from '../grpc/server.ts';
import { AuthorityClient } from './authority-client.ts';
import { BundleFile } from './bundle-file.ts';
import type { NodePluginConfig } from './config.ts';
import { csiServices } from './csi.ts';
import { driverName } from './driver.ts';
import { registrationService } from './registration.ts';
import { Volumes } from './volumes.ts';

export interface NodePluginOptions {
  readonly config: NodePluginConfig;
  readonly version: string;
  readonly clock: Clock;
  readonly crypto: Crypto;
  readonly random: () => number;
  readonly log: Log;
}

/** The csi.spiffe.io node plugin of the development identity: its sockets, and what runs behind them. */
export class NodePlugin {
  readonly #options: NodePluginOptions;
  readonly #bundle: BundleFile;
  readonly #authority: AuthorityClient;
  readonly #volumes: Volumes;
  #servers: readonly GrpcServer[] = [];
  #registration: string | undefined = 'kubelet has not asked yet';

  private constructor(options: NodePluginOptions) {
    this.#options = options;
    const { clock, log, config } = options;
    const { trustDomain, cluster, bundle: file, token: tokenFile, authority: target } = config;
    this.#bundle = new BundleFile({ file, trustDomain, clock, log });
    const bundles = () => this.#bundle.current();
    this.#authority = new AuthorityClient({ target, trustDomain, cluster, tokenFile, bundles, clock });
    this.#volumes = new Volumes({ ...options, authority: this.#authority, trustDomain, bundles });
  }

  /** Serves kubelet. The registration comes last: kubelet calls the driver as soon as it sees it. */
  static async start(options: NodePluginOptions): Promise<NodePlugin> {
    const plugin = new NodePlugin(options);
    await plugin.#bundle.read();
    await plugin.#serve();
    return plugin;
  }

  /** By name: why it is not ready, or undefined. */
  checks(): Readonly<Record<string, () => string | undefined>> {
    return { bundle: () => this.#bundle.problem(), registration: () => this.#registration };
  }

  /** Follows the trust bundle, until told to stop. */
  run(signal: AbortSignal): Promise<void> {
    const { log } = this.#options;
    const tell = () => {
      this.#volumes.bundlesChanged().catch((thrown: unknown) => {
        log.error('pods are not told of the new bundle', {
          reason: asFeaturesealError(thrown, 'internal', 'defect'),
        });
      });
    };
    return this.#bundle.run(tell, signal);
  }

  /** In the opposite order of the start. Folders of pods stay; kubelet publishes again to the next process. */
  async close(): Promise<void> {
    for (const server of this.#servers.toReversed()) await server.close();
    await this.#volumes.close();
    this.#authority.close();
  }

  async #serve(): Promise<void> {
    const { config, clock, log, version } = this.#options;
    const { kubeletDir, node, audience } = config;
    // The paths that SPIFFE's own driver has: where that one runs, its sockets answer and ours are not made.
    const endpoint = join(kubeletDir, 'plugins', driverName, 'csi.sock');
    const registry = join(kubeletDir, 'plugins_registry', `${driverName}-reg.sock`);
    const onStatus = (problem: string | undefined) => {
      this.#registration = problem;
    };
    const services = csiServices({ volumes: this.#volumes, node, version, audience, clock, log });
    const csi = await GrpcServer.startOnSocket(endpoint, services);
    this.#servers = [csi];
    try {
      const registration = registrationService({ endpoint, onStatus, clock, log });
      this.#servers = [csi, await GrpcServer.startOnSocket(registry, [registration])];
    } catch (thrown) {
      await csi.close();
      throw thrown;
    }
  }
}
