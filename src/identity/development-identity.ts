import { join } from 'node:path';
import type { Crypto } from '../crypto.ts';
import type { Clock } from '../port/clock.ts';
import type { Log } from '../port/log.ts';
import type { X509Bundles, X509Svid } from '../spiffe/types.ts';
import { Authority } from './authority.ts';
import type { KeyType } from './key-type.ts';
import { WorkloadApiServer } from './workload-api-server.ts';

export interface DevelopmentIdentityOptions {
  readonly trustDomain: string;
  readonly svidTtlMs: number;
  readonly clock: Clock;
  readonly crypto: Crypto;
  readonly log: Log;
  /** Where the sockets go; made for the owner alone where it does not exist. */
  readonly directory: string;
  readonly keyType?: KeyType;
  /** Called when a root came or went. */
  readonly onBundlesChanged?: () => void;
}

/** One Workload API socket. */
export interface ServedIdentity {
  readonly spiffeId: string;
  /** `unix:///...`; what SPIFFE_ENDPOINT_SOCKET is set to. */
  readonly address: string;
  close(): Promise<void>;
}

const dayMs = 24 * 60 * 60 * 1000;

/**
 * Identities without SPIRE, in this process: for trying, developing and CI. Whoever reaches a socket has its
 * identity, nobody is attested, and the CA lives and dies with the process. Not for production.
 */
export class DevelopmentIdentity {
  readonly #authority: Authority;
  readonly #options: DevelopmentIdentityOptions;
  readonly #served = new Set<ServedIdentity>();

  private constructor(authority: Authority, options: DevelopmentIdentityOptions) {
    this.#authority = authority;
    this.#options = options;
  }

  static async create(options: DevelopmentIdentityOptions): Promise<DevelopmentIdentity> {
    const caTtlMs = Math.max(dayMs, 6 * options.svidTtlMs);
    return new DevelopmentIdentity(await Authority.create({ ...options, caTtlMs }), options);
  }

  /** An SVID with its key for use in this process. It does not rotate. */
  issue(spiffeId: string): Promise<X509Svid> {
    const { svidTtlMs, keyType = 'ec-p256' } = this.#options;
    return this.#authority.issue({ spiffeId, ttlMs: svidTtlMs, keyType });
  }

  bundles(): X509Bundles {
    return this.#authority.bundles();
  }

  /** Serves one identity at `<directory>/<name>.sock` and rotates it at half of its life, until closed. */
  async serve(spiffeId: string, name = `workload-${this.#served.size + 1}`): Promise<ServedIdentity> {
    const { crypto, directory, log } = this.#options;
    const svid = await this.issue(spiffeId);
    const state = { svids: [svid], bundles: this.bundles() };
    const socketPath = join(directory, `${name}.sock`);
    const server = await WorkloadApiServer.start({ socketPath, state, crypto });
    const stop = new AbortController();
    const rotating = this.#rotate(server, svid, stop.signal).catch((thrown: unknown) => {
      log.error('an SVID cannot be rotated', { spiffeId, error: String(thrown) });
    });
    const served: ServedIdentity = {
      spiffeId,
      address: server.address,
      close: async () => {
        this.#served.delete(served);
        stop.abort();
        await rotating;
        await server.close();
      },
    };
    this.#served.add(served);
    return served;
  }

  /** Takes all sockets away. */
  async close(): Promise<void> {
    await Promise.all([...this.#served].map((served) => served.close()));
  }

  async #rotate(server: WorkloadApiServer, first: X509Svid, signal: AbortSignal): Promise<void> {
    const { clock, log, onBundlesChanged } = this.#options;
    for (let svid = first; ;) {
      await clock.sleep(Math.max(0, svid.notAfter.getTime() - clock.now()) / 2, signal);
      if (signal.aborted) return;
      if (await this.#authority.maintain()) onBundlesChanged?.();
      svid = await this.issue(svid.spiffeId);
      server.publish({ svids: [svid], bundles: this.bundles() });
      log.info('an SVID was rotated', { spiffeId: svid.spiffeId, notAfter: svid.notAfter.toISOString() });
    }
  }
}
