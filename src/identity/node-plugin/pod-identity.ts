import type { Crypto } from '../../crypto.ts';
import { asFeaturesealError, FeaturesealError } from '../../error.ts';
import type { Clock } from '../../port/clock.ts';
import type { Log } from '../../port/log.ts';
import { createBackOff } from '../../runtime/back-off.ts';
import { importSigningKey } from '../../spiffe/signing-key.ts';
import { parseX509Svid } from '../../spiffe/svid.ts';
import type { X509Bundles, X509Svid } from '../../spiffe/types.ts';
import { verifyX509Svid } from '../../spiffe/verify-svid.ts';
import type { WorkloadState } from '../wire.ts';
import type { AuthorityClient } from './authority-client.ts';
import { createKeyAndRequest } from './certificate-request.ts';
import type { PodReference } from './volume.ts';

export interface PodIdentityOptions {
  readonly pod: PodReference;
  readonly token: string;
  readonly authority: Pick<AuthorityClient, 'issue'>;
  readonly trustDomain: string;
  readonly bundles: () => X509Bundles | undefined;
  /** Takes every new state of the pod's Workload API. */
  readonly publish: (state: WorkloadState) => void;
  readonly clock: Clock;
  readonly crypto: Crypto;
  readonly random: () => number;
  readonly log: Log;
}

const backOffMs = { firstMs: 1_000, maxMs: 60_000 };

/** The SVID of one pod: asked for with its newest token, renewed at half of its life, taken back when it is refused. */
export class PodIdentity {
  readonly #options: PodIdentityOptions;
  #token: string;
  #svid: X509Svid | undefined;
  /** Aborts to end a wait before its time. */
  #wake = new AbortController();

  constructor(options: PodIdentityOptions) {
    this.#options = options;
    this.#token = options.token;
  }

  /** What the pod's Workload API says now. Bundles are public: every pod with the volume may verify others. */
  state(): WorkloadState {
    return { svids: this.#svid === undefined ? [] : [this.#svid], bundles: this.#options.bundles() };
  }

  /** kubelet publishes again and again; who has no SVID yet tries at once with a new token. */
  renewToken(token: string): void {
    const isNew = token !== this.#token;
    this.#token = token;
    if (isNew && this.#svid === undefined) this.#wake.abort();
  }

  /** An SVID under a root that is gone verifies nowhere: then a new one is asked for at once. */
  async bundlesChanged(): Promise<void> {
    this.#options.publish(this.state());
    if (this.#svid === undefined || !(await this.#verifies(this.#svid))) this.#wake.abort();
  }

  async run(signal: AbortSignal): Promise<void> {
    const { clock, random } = this.#options;
    const backOff = createBackOff({ clock, random, ...backOffMs });
    while (!signal.aborted) {
      this.#wake = new AbortController();
      const either = AbortSignal.any([signal, this.#wake.signal]);
      const svid = await this.#obtain(signal);
      if (svid === undefined) {
        await backOff.wait(either);
      } else {
        backOff.reset();
        await clock.sleep(Math.max(0, svid.notAfter.getTime() - clock.now()) / 2, either);
      }
    }
  }

  /** A new SVID, published; undefined where there is none to have at the moment. */
  async #obtain(signal: AbortSignal): Promise<X509Svid | undefined> {
    const { clock, log, publish, pod } = this.#options;
    try {
      const svid = await this.#request(signal);
      this.#svid = svid;
      publish(this.state());
      return svid;
    } catch (thrown) {
      if (signal.aborted) return undefined;
      const { code, message } = asFeaturesealError(thrown, 'internal', 'defect');
      // Workload API section 4.3.4: what is not the pod's any more is taken back. An outage takes nothing back.
      const isLost =
        code === 'authority-refused' || (this.#svid?.notAfter.getTime() ?? Infinity) <= clock.now();
      if (isLost) this.#svid = undefined;
      publish(this.state());
      const { namespace, pod_name: name, service_account: serviceAccount } = pod;
      log.warn('a pod has no new SVID', { namespace, pod: name, serviceAccount, code, reason: message });
      return undefined;
    }
  }

  async #request(signal: AbortSignal): Promise<X509Svid> {
    const { authority, bundles, clock, crypto, pod, trustDomain } = this.#options;
    // The key is made here and stays here: only the request leaves.
    const { key, request } = await createKeyAndRequest(crypto);
    const chain = await authority.issue({ pod, token: this.#token, certificateRequest: request }, signal);
    const known = bundles() ?? new Map<string, never>();
    await verifyX509Svid({ chain, bundles: known, now: new Date(clock.now()), crypto });
    const { leaf, spiffeId } = parseX509Svid(chain);
    await importSigningKey({ crypto, key, publicKey: leaf.publicKey });
    const { notBefore, notAfter } = leaf;
    return { spiffeId, chain, key, notBefore, notAfter, hint: '', bundle: known.get(trustDomain) ?? [] };
  }

  async #verifies({ chain }: X509Svid): Promise<boolean> {
    const { bundles, clock, crypto } = this.#options;
    try {
      await verifyX509Svid({
        chain,
        bundles: bundles() ?? new Map<string, never>(),
        now: new Date(clock.now()),
        crypto,
      });
      return true;
    } catch (thrown) {
      if (thrown instanceof FeaturesealError) return false;
      throw thrown;
    }
  }
}
