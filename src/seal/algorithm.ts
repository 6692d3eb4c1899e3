import { FeaturesealError } from '../error.ts';
import { sealAlgorithms, type PublicKey, type SealAlgorithm } from '../spiffe/public-key.ts';

/**
 * `alg` must be one that the leaf's key itself asks for: a header may never choose how it is checked
 * (algorithm confusion, RFC 8725 sections 2.1 and 3.1).
 *
 * @throws FeaturesealError seal-algorithm
 */
export function checkAlgorithm(algorithm: SealAlgorithm, key: PublicKey): void {
  const allowed = sealAlgorithms(key);
  if (allowed.includes(algorithm)) return;
  const message = `the key of the leaf asks for ${allowed.join(' or ')}, the header says ${algorithm}`;
  throw new FeaturesealError({ code: 'seal-algorithm', message });
}
