import type { Crypto } from '../crypto.ts';
import { type Bundles, rootsOf } from './bundle.ts';
import { findPath } from './path.ts';
import { type CertificateInput, certificatesFrom } from './pem.ts';
import { parseX509Svid } from './svid.ts';

/** What is proven of an X.509-SVID. */
export interface VerifiedX509Svid {
  readonly spiffeId: string;
  readonly trustDomain: string;
  /** Earliest notAfter of the path: until then this holds, unless the bundle changes. */
  readonly notAfter: Date;
}

/**
 * Verifies an X.509-SVID (X.509-SVID specification, section 5): the rules on the leaf, then a path to a root in the
 * bundle of the leaf's own trust domain. `chain` is leaf first, the rest in any order; `bundles` maps the name of a
 * trust domain to its authorities; `crypto` is the runtime's own by default.
 * @throws FeaturesealError with a code of step 3 or 4
 */
export async function verifyX509Svid(args: {
  readonly chain: CertificateInput;
  readonly bundles: Bundles;
  readonly now: Date;
  readonly crypto?: Crypto;
}): Promise<VerifiedX509Svid> {
  const { now, crypto = globalThis.crypto } = args;
  const { leaf, pool, spiffeId, trustDomain } = parseX509Svid(certificatesFrom(args.chain));
  const roots = rootsOf(args.bundles, trustDomain);
  const { notAfter } = await findPath({ leaf, pool, roots, trustDomain, now, crypto });
  return { spiffeId, trustDomain, notAfter };
}
