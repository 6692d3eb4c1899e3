import type { Crypto, CryptoKey } from '../crypto.ts';
import { FeaturesealError } from '../error.ts';
import { sealAlgorithms, type PublicKey, type SealAlgorithm } from './public-key.ts';
import { verifySealSignature } from './signature.ts';

/** A private key as PKCS#8 PEM text or DER, or as a key of the crypto provider in use. */
export type SigningKeyInput = string | Uint8Array | CryptoKey;

/** A key that was seen to belong to its certificate. */
export interface SigningKey {
  readonly algorithm: SealAlgorithm;
  readonly key: CryptoKey;
}

export interface SigningKeyArguments {
  readonly crypto: Crypto;
  readonly key: SigningKeyInput;
  /** Of the leaf. */
  readonly publicKey: PublicKey;
  /** Only the development identity hands keys on. */
  readonly extractable?: boolean;
}

const parameters = {
  ES256: { import: { name: 'ECDSA', namedCurve: 'P-256' }, sign: { name: 'ECDSA', hash: 'SHA-256' } },
  ES384: { import: { name: 'ECDSA', namedCurve: 'P-384' }, sign: { name: 'ECDSA', hash: 'SHA-384' } },
  // RFC 7518 section 3.5: the salt is as long as the hash.
  PS256: { import: { name: 'RSA-PSS', hash: 'SHA-256' }, sign: { name: 'RSA-PSS', saltLength: 32 } },
} as const;

/** Signed once to see whether key and leaf belong together; never the bytes of any protocol. */
const probe = new TextEncoder().encode('featureseal: does this key belong to this certificate?');

/**
 * Imports the private key of an SVID for signing only, and proves that it belongs to the leaf: a pair that does not
 * match would sign what nobody can verify.
 *
 * @throws FeaturesealError key-not-allowed, key-mismatch; never with a word of the key itself
 */
export async function importSigningKey(args: SigningKeyArguments): Promise<SigningKey> {
  const { crypto, publicKey } = args;
  const [algorithm] = sealAlgorithms(publicKey);
  if (algorithm === undefined || algorithm === 'RS256') {
    throw new FeaturesealError({
      code: 'key-not-allowed',
      message: 'the key of the SVID is of a kind that cannot seal',
    });
  }
  const key = await cryptoKey(args, algorithm);
  const signature = await sign(crypto, key, algorithm, probe);
  const matches = await verifySealSignature({ crypto, key: publicKey, algorithm, signature, data: probe });
  return matches ? { algorithm, key } : mismatch('belongs to another certificate');
}

/** Signs as the key's algorithm says: raw r and s for ECDSA, PS256 for RSA. */
export function signSeal(args: {
  readonly crypto: Crypto;
  readonly key: SigningKey;
  readonly data: Uint8Array;
}): Promise<Uint8Array<ArrayBuffer>> {
  return sign(args.crypto, args.key.key, args.key.algorithm, args.data);
}

async function cryptoKey(args: SigningKeyArguments, algorithm: keyof typeof parameters): Promise<CryptoKey> {
  const { crypto, key, extractable = false } = args;
  if (typeof key !== 'string' && !(key instanceof Uint8Array)) return key;
  const pkcs8 = typeof key === 'string' ? pkcs8FromPem(key) : key;
  try {
    return await crypto.subtle.importKey('pkcs8', pkcs8, parameters[algorithm].import, extractable, ['sign']);
  } catch {
    // Without the cause: what a parser says about a key is not for logs.
    return mismatch('is not unencrypted PKCS#8 of the kind that the leaf names');
  }
}

async function sign(
  crypto: Crypto,
  key: CryptoKey,
  algorithm: SealAlgorithm,
  data: Uint8Array,
): Promise<Uint8Array<ArrayBuffer>> {
  if (algorithm === 'RS256') return mismatch('would sign RS256, which is for verifying only');
  try {
    return new Uint8Array(await crypto.subtle.sign(parameters[algorithm].sign, key, data));
  } catch {
    return mismatch(`cannot sign ${algorithm} with this crypto provider`);
  }
}

/** RFC 7468 section 10: one block, nothing else. */
function pkcs8FromPem(text: string): Uint8Array {
  const block = /^\s*-----BEGIN PRIVATE KEY-----\r?\n([A-Za-z0-9+/=\r\n]+)-----END PRIVATE KEY-----\s*$/.exec(
    text,
  );
  if (block?.[1] === undefined) return mismatch('is not one PEM block PRIVATE KEY (PKCS#8, unencrypted)');
  return new Uint8Array(Buffer.from(block[1], 'base64'));
}

function mismatch(fault: string): never {
  throw new FeaturesealError({ code: 'key-mismatch', message: `the private key ${fault}` });
}
