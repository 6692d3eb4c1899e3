import type { Crypto } from '../crypto.ts';
import { FeaturesealError } from '../error.ts';
import type { Clock } from '../port/clock.ts';
import { parseSpiffeId } from '../spiffe/spiffe-id.ts';
import { parseX509Svid } from '../spiffe/svid.ts';
import type { X509Bundles, X509Svid } from '../spiffe/types.ts';
import { CertificateAuthority, requestedKey } from './certificate-authority.ts';
import { workloadKeys, type KeyType } from './key-type.ts';

export interface AuthorityOptions {
  readonly trustDomain: string;
  readonly clock: Clock;
  /** Makes the workloads' keys. */
  readonly crypto: Crypto;
  /** Of CA certificates; at least six times the life of SVIDs, so that roots are known before they are used. */
  readonly caTtlMs: number;
  readonly keyType?: KeyType;
  readonly intermediate?: boolean;
}

export interface SvidRequest {
  readonly spiffeId: string;
  readonly ttlMs: number;
}

const maxRequestBytes = 16 * 1024;

/**
 * The X.509 authority of one trust domain, in memory, for development: it does what it is asked, whom to give
 * which identity is decided before. Its CAs overlap as SPIRE's do: prepared at half of the life, active at five sixths.
 */
export class Authority {
  readonly trustDomain: string;
  readonly #options: AuthorityOptions;
  /** Oldest first. */
  #authorities: readonly CertificateAuthority[];
  #active: CertificateAuthority;

  private constructor(options: AuthorityOptions, first: CertificateAuthority) {
    this.trustDomain = options.trustDomain;
    this.#options = options;
    this.#authorities = [first];
    this.#active = first;
  }

  static async create(options: AuthorityOptions): Promise<Authority> {
    // A name that a SPIFFE ID could not hold would only be found out by the first verifier.
    const { trustDomain, path } = parseSpiffeId(`spiffe://${options.trustDomain}`);
    if (path !== '')
      throw new FeaturesealError({ code: 'spiffe-id-invalid', message: 'a trust domain has no path' });
    return new Authority(options, await createCertificateAuthority({ ...options, trustDomain }));
  }

  /** DER of all roots that may be verified against, prepared ones too. */
  bundle(): readonly Uint8Array[] {
    return this.#authorities.map(({ root }) => root);
  }

  bundles(): X509Bundles {
    return new Map([[this.trustDomain, this.bundle()]]);
  }

  /** An SVID with a new key, which can be exported: the Workload API hands it over. */
  async issue({
    keyType = 'ec-p256',
    hint = '',
    ...request
  }: SvidRequest & {
    readonly keyType?: KeyType;
    readonly hint?: string;
  }): Promise<X509Svid> {
    const { subtle } = this.#options.crypto;
    const { publicKey, privateKey } = await subtle.generateKey(workloadKeys[keyType], true, [
      'sign',
      'verify',
    ]);
    const chain = await this.#certify(await subtle.exportKey('spki', publicKey), request);
    const { leaf, spiffeId } = parseX509Svid(chain);
    const { notBefore, notAfter } = leaf;
    return { spiffeId, chain, key: privateKey, notBefore, notAfter, hint, bundle: this.bundle() };
  }

  /** The chain for a PKCS #10 request (DER). Only its key counts: names in a request are the requester's wishes. */
  async signRequest(csr: Uint8Array, request: SvidRequest): Promise<readonly Uint8Array[]> {
    const publicKey = csr.length <= maxRequestBytes ? await requestedKey(csr) : undefined;
    if (publicKey !== undefined) return this.#certify(publicKey, request);
    throw new FeaturesealError({
      code: 'csr-invalid',
      message: 'the certificate request is not PKCS #10, or not signed by the key that it names',
    });
  }

  /** Puts a new root into the bundle; nothing is signed with it before {@link activate}. */
  async prepare(): Promise<void> {
    this.#authorities = [...this.#authorities, await createCertificateAuthority(this.#options)];
  }

  /** Signs with the newest CA from now on; older roots stay in the bundle until they expire or {@link retire}. */
  activate(): void {
    this.#active = this.#authorities.at(-1) ?? this.#active;
  }

  /** Takes every root out of the bundle but those in use or prepared: what the others signed is void. */
  retire(): void {
    this.#authorities = this.#authorities.slice(this.#authorities.indexOf(this.#active));
  }

  /** Prepares, activates and drops CAs by their age. True when the bundle changed. */
  async maintain(): Promise<boolean> {
    const now = this.#options.clock.now();
    const before = this.#authorities;
    const { notBefore, notAfter } = this.#active;
    const left = (notAfter.getTime() - now) / (notAfter.getTime() - notBefore.getTime());
    if (left <= 1 / 2 && this.#authorities.at(-1) === this.#active) await this.prepare();
    if (left <= 1 / 6) this.activate();
    this.#authorities = this.#authorities.filter((ca) => ca === this.#active || ca.notAfter.getTime() > now);
    return (
      before.length !== this.#authorities.length ||
      before.some((ca, index) => ca !== this.#authorities[index])
    );
  }

  async #certify(publicKey: ArrayBuffer, { spiffeId, ttlMs }: SvidRequest): Promise<readonly Uint8Array[]> {
    const { trustDomain } = parseSpiffeId(spiffeId);
    if (trustDomain !== this.trustDomain) {
      throw new FeaturesealError({
        code: 'spiffe-id-invalid',
        message: `${spiffeId} is outside the trust domain ${this.trustDomain}`,
      });
    }
    const chain = await this.#active.issue({ spiffeId, publicKey, now: this.#options.clock.now(), ttlMs });
    // The rules for SVIDs, on our own: a weak key or a reserved ID is refused here, not by every verifier.
    parseX509Svid(chain);
    return chain;
  }
}

function createCertificateAuthority(options: AuthorityOptions): Promise<CertificateAuthority> {
  const { trustDomain, clock, caTtlMs, keyType = 'ec-p256', intermediate = false } = options;
  return CertificateAuthority.create({
    trustDomain,
    keyType,
    intermediate,
    now: clock.now(),
    ttlMs: caTtlMs,
  });
}
