import type { Crypto } from '../../crypto.ts';
import { asFeaturesealError } from '../../error.ts';
import type { ApiClient } from '../../kube/api-client.ts';
import { pathOf } from '../../kube/api-client.ts';
import type { Clock } from '../../port/clock.ts';
import type { Log } from '../../port/log.ts';
import { createBackOff } from '../../runtime/back-off.ts';
import { authorityId } from '../attestation/identity-list.ts';
import type { Authority } from '../authority.ts';
import { pemBlocks } from '../../spiffe/pem.ts';
import type { SvidServerCredentials } from './server-credentials.ts';

export interface KeeperOptions {
  readonly authority: Authority;
  readonly credentials: SvidServerCredentials;
  readonly api: ApiClient;
  /** Where the bundle goes. */
  readonly configMap: { readonly namespace: string; readonly name: string };
  readonly svidTtlMs: number;
  readonly clock: Clock;
  readonly crypto: Crypto;
  readonly random: () => number;
  readonly log: Log;
}

/**
 * What the authority does by itself: rounds of new CAs in time, the bundle where node plugins read it, and a
 * certificate of its own. The bundle goes first: nobody is shown a certificate under a root that was never told.
 */
export class AuthorityKeeper {
  readonly #options: KeeperOptions;
  #problem: string | undefined = 'the bundle is not published yet';

  constructor(options: KeeperOptions) {
    this.#options = options;
  }

  /** Undefined where the bundle is published and the server has a certificate. */
  problem(): string | undefined {
    return this.#problem;
  }

  /** A round at half of each certificate's life; a failed one is tried again, for ever. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, random, svidTtlMs, log } = this.#options;
    const backOff = createBackOff({ clock, random, firstMs: 1_000, maxMs: 30_000 });
    while (!signal.aborted) {
      try {
        await this.round(signal);
        backOff.reset();
        await clock.sleep(svidTtlMs / 2, signal);
      } catch (thrown) {
        if (signal.aborted) return;
        this.#problem = asFeaturesealError(thrown, 'internal', 'defect').message;
        log.warn('the bundle cannot be published; trying again', { reason: this.#problem });
        await backOff.wait(signal);
      }
    }
  }

  /** @throws FeaturesealError store-* */
  async round(signal: AbortSignal): Promise<void> {
    const { authority, credentials, svidTtlMs, crypto } = this.#options;
    await authority.maintain();
    await this.#publishBundle(signal);
    const spiffeId = authorityId(authority.trustDomain);
    await credentials.use(await authority.issue({ spiffeId, ttlMs: svidTtlMs }), crypto);
    this.#problem = undefined;
  }

  /** A patch of one key: the object itself is made with the manifests, so that no right to create is needed. */
  async #publishBundle(signal: AbortSignal): Promise<void> {
    const { api, authority, configMap } = this.#options;
    await api.request({
      method: 'PATCH',
      path: `/api/v1${pathOf('namespaces', configMap.namespace, 'configmaps', configMap.name)}`,
      query: { fieldManager: 'featureseal-identity' },
      contentType: 'application/merge-patch+json',
      body: { data: { 'bundle.pem': pemBlocks('CERTIFICATE', authority.bundle()) } },
      signal,
      timeoutMs: 10_000,
    });
  }
}
