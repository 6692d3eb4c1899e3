import type { Crypto, CryptoKey } from '../crypto.ts';
import { FeaturesealError } from '../error.ts';
import { coordinateOctets } from './curve.ts';
import type { PublicKey } from './public-key.ts';

/** Digests that a signature may use. SHA-1 and MD5 have no name here. */
export type Hash = 'SHA-256' | 'SHA-384' | 'SHA-512';

/** How a signature is made. `RSA-PSS` is MGF1 with the same hash and a salt exactly as long as the hash. */
export interface SignatureScheme {
  readonly name: 'ECDSA' | 'RSA-PSS' | 'RSASSA-PKCS1-v1_5';
  readonly hash: Hash;
}

/** Octets of a digest, which is how long a PSS salt has to be. */
export const hashOctets: Readonly<Record<Hash, number>> = { 'SHA-256': 32, 'SHA-384': 48, 'SHA-512': 64 };

type ImportedKeys = WeakMap<PublicKey, Map<string, Promise<CryptoKey>>>;
// A key object of one provider is unusable in another, and importing costs as much as verifying.
const imported = new WeakMap<Crypto, ImportedKeys>();

function importKey(crypto: Crypto, key: PublicKey, { name, hash }: SignatureScheme): Promise<CryptoKey> {
  const keys: ImportedKeys = imported.get(crypto) ?? new WeakMap();
  imported.set(crypto, keys);
  const forms = keys.get(key) ?? new Map<string, Promise<CryptoKey>>();
  keys.set(key, forms);

  const form = key.kind === 'EC' ? key.curve : `${name} ${hash}`;
  const known = forms.get(form);
  if (known !== undefined) return known;
  // A point on a curve that is named is read in half the time of the DER around it.
  const importing = (
    key.kind === 'EC'
      ? crypto.subtle.importKey('raw', key.point, { name, namedCurve: key.curve }, false, ['verify'])
      : crypto.subtle.importKey('spki', key.spki, { name, hash }, false, ['verify'])
  ).catch((cause: unknown) => {
    throw new FeaturesealError({
      code: 'key-not-allowed',
      message: 'the crypto provider refuses a public key',
      cause,
    });
  });
  forms.set(form, importing);
  return importing;
}

/** Octets that a signature under this key must have: raw r and s for EC, the modulus' length for RSA. */
function signatureOctets(key: PublicKey): number {
  return key.kind === 'EC' ? 2 * coordinateOctets(key.curve) : Math.ceil(key.bits / 8);
}

/**
 * Verifies `signature` over `data`; for ECDSA it is r and s, each padded to the curve's length (IEEE P1363).
 * A scheme of another kind of key, or a signature of another length, is false before any arithmetic.
 */
export async function verifyWithKey(args: {
  readonly crypto: Crypto;
  readonly key: PublicKey;
  readonly scheme: SignatureScheme;
  readonly signature: Uint8Array;
  readonly data: Uint8Array;
}): Promise<boolean> {
  const { crypto, key, scheme, signature, data } = args;
  if ((key.kind === 'EC') !== (scheme.name === 'ECDSA')) return false;
  if (signature.length !== signatureOctets(key)) return false;
  const cryptoKey = await importKey(crypto, key, scheme);
  const { name, hash } = scheme;
  return crypto.subtle.verify({ name, hash, saltLength: hashOctets[hash] }, cryptoKey, signature, data);
}
