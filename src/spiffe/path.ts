import type { Crypto } from '../crypto.ts';
import { FeaturesealError } from '../error.ts';
import { parseRoots } from './bundle.ts';
import type { Certificate } from './certificate.ts';
import { leafFault } from './path-rules.ts';
import { PathSearch } from './path-search.ts';
import { type CertificateInput, certificatesFrom } from './pem.ts';
import { checkEndEntity, parseChain } from './svid.ts';

/** A verified path. */
export interface CertificatePath {
  /** From the leaf to the root, both included. */
  readonly certificates: readonly Certificate[];
  /** Earliest notAfter of the path. */
  readonly notAfter: Date;
}

/**
 * Finds a path from the leaf to one of `roots` (RFC 5280 section 6.1). Only `roots` are anchors: a root among `pool`
 * is one more intermediate. With `trustDomain`, a CA that carries a SPIFFE ID must carry that of this trust domain.
 * The rules on a leaf as an X.509-SVID are not judged here.
 * @throws FeaturesealError with a code of step 4: of several paths, the failure of the one that got furthest
 */
export async function findPath(args: {
  readonly leaf: Certificate;
  readonly pool: readonly Certificate[];
  readonly roots: readonly Certificate[];
  readonly trustDomain?: string;
  readonly now: Date;
  readonly crypto: Crypto;
}): Promise<CertificatePath> {
  const { leaf, ...options } = args;
  // An invalid Date compares as neither earlier nor later, and every certificate would be within its dates.
  if (Number.isNaN(options.now.getTime()))
    throw new FeaturesealError({ code: 'usage', message: 'now is not a time' });
  const fault = leafFault(leaf, options.now);
  if (fault !== undefined) throw new FeaturesealError(fault);

  const search = new PathSearch(options);
  const certificates = await search.extend([leaf]);
  if (certificates === undefined) throw new FeaturesealError(search.fault);
  return {
    certificates,
    notAfter: new Date(Math.min(...certificates.map(({ notAfter }) => notAfter.getTime()))),
  };
}

/**
 * Verifies a path alone, for a leaf that need not be an X.509-SVID but must be no CA. `chain` is leaf first, the rest
 * in any order; `roots` are the anchors; `crypto` is the runtime's own by default.
 * @throws FeaturesealError with a code of step 3 or 4
 */
export async function verifyCertificatePath(args: {
  readonly chain: CertificateInput;
  readonly roots: CertificateInput;
  readonly now: Date;
  readonly crypto?: Crypto;
}): Promise<CertificatePath> {
  const { leaf, pool } = parseChain(certificatesFrom(args.chain));
  checkEndEntity(leaf);
  const roots = parseRoots(certificatesFrom(args.roots));
  return findPath({ leaf, pool, roots, now: args.now, crypto: args.crypto ?? globalThis.crypto });
}
