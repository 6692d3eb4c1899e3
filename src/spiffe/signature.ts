import type { Crypto } from '../crypto.ts';
import { type PublicKey, type SealAlgorithm, sealAlgorithms } from './public-key.ts';
import { type SignatureScheme, verifyWithKey } from './verify-key.ts';

const schemes: Readonly<Record<SealAlgorithm, SignatureScheme>> = {
  ES256: { name: 'ECDSA', hash: 'SHA-256' },
  ES384: { name: 'ECDSA', hash: 'SHA-384' },
  PS256: { name: 'RSA-PSS', hash: 'SHA-256' },
  RS256: { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' },
};

/**
 * Verifies a JWS signature (RFC 7518 sections 3.3 to 3.5): raw r and s for EC, PS256 with a salt of exactly 32 bytes.
 * False, too, for an algorithm that is not one of {@link sealAlgorithms} of the key.
 */
export async function verifySealSignature(args: {
  readonly crypto: Crypto;
  readonly key: PublicKey;
  readonly algorithm: SealAlgorithm;
  readonly signature: Uint8Array;
  readonly data: Uint8Array;
}): Promise<boolean> {
  const { algorithm, ...rest } = args;
  if (!sealAlgorithms(args.key).includes(algorithm)) return false;
  return verifyWithKey({ ...rest, scheme: schemes[algorithm] });
}
