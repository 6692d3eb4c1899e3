import type { webcrypto } from 'node:crypto';
import type { Crypto, CryptoKey } from '../../crypto.ts';
import { FeaturesealError } from '../../error.ts';
import { sealAlgorithms, type PublicKey, type SealAlgorithm } from '../public-key.ts';
import { verifySealSignature } from '../signature.ts';

export interface SvidKeyArguments {
  readonly crypto: Crypto;
  /** PKCS#8 DER, not encrypted. */
  readonly pkcs8: Uint8Array<ArrayBuffer>;
  /** Of the leaf. */
  readonly publicKey: PublicKey;
  readonly extractable: boolean;
}

type ImportAndSign = Readonly<
  Record<'import', webcrypto.EcKeyImportParams | webcrypto.RsaHashedImportParams>
> &
  Readonly<Record<'sign', webcrypto.EcdsaParams | webcrypto.RsaPssParams>>;

const algorithms: Readonly<Partial<Record<SealAlgorithm, ImportAndSign>>> = {
  ES256: { import: { name: 'ECDSA', namedCurve: 'P-256' }, sign: { name: 'ECDSA', hash: 'SHA-256' } },
  ES384: { import: { name: 'ECDSA', namedCurve: 'P-384' }, sign: { name: 'ECDSA', hash: 'SHA-384' } },
  PS256: { import: { name: 'RSA-PSS', hash: 'SHA-256' }, sign: { name: 'RSA-PSS', saltLength: 32 } },
};

/** Signed once to see whether key and leaf belong together; never the bytes of any protocol. */
const probe = new TextEncoder().encode('featureseal: does this key belong to this certificate?');

/**
 * Imports the private key of an SVID, for signing only, and proves that it belongs to the leaf.
 * A pair that does not match would sign what nobody can verify.
 */
export async function importSvidKey({
  crypto,
  pkcs8,
  publicKey,
  extractable,
}: SvidKeyArguments): Promise<CryptoKey> {
  const [algorithm] = sealAlgorithms(publicKey);
  const parameters = algorithm === undefined ? undefined : algorithms[algorithm];
  if (algorithm === undefined || parameters === undefined) {
    throw new FeaturesealError({
      code: 'key-not-allowed',
      message: 'the key of the SVID is of a kind that cannot seal',
    });
  }
  const key = await crypto.subtle
    .importKey('pkcs8', pkcs8, parameters.import, extractable, ['sign'])
    // Without the cause: what a parser says about a key is not for logs.
    .catch(() => mismatch('is not PKCS#8 of the kind that the leaf names'));
  const signature = new Uint8Array(await crypto.subtle.sign(parameters.sign, key, probe));
  const matches = await verifySealSignature({ crypto, key: publicKey, algorithm, signature, data: probe });
  return matches ? key : mismatch('belongs to another certificate');
}

function mismatch(fault: string): never {
  throw new FeaturesealError({ code: 'key-mismatch', message: `the private key of the SVID ${fault}` });
}
