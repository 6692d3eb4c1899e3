import type { CryptoKey } from '../crypto.ts';
/** One X.509-SVID with its key, an immutable snapshot: chain and key always belong together. */
export interface X509Svid {
  readonly spiffeId: string;
  /** DER, leaf first, then intermediates; never the root. */
  readonly chain: readonly Uint8Array[];
  /** Signs only; never exported by us. */
  readonly key: CryptoKey;
  readonly notBefore: Date;
  readonly notAfter: Date;
  readonly hint: string;
  /** DER of the X.509 authorities of the SVID's own trust domain, as they came with it. */
  readonly bundle: readonly Uint8Array[];
}

/** Trust bundles: DER of the X.509 authorities of each trust domain, keyed by its name. */
export type X509Bundles = ReadonlyMap<string, readonly Uint8Array[]>;
