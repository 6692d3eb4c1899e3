import type { Crypto } from '../crypto.ts';
import { FeaturesealError } from '../error.ts';
import { coordinateOctets } from './curve.ts';
import { type DerElement, DerReader, onlyInside, tag } from './der.ts';
import { objectIdentifier, smallInteger, unsignedInteger } from './der-values.ts';
import type { PublicKey } from './public-key.ts';
import { type Hash, hashOctets, type SignatureScheme, verifyWithKey } from './verify-key.ts';

const hashes: ReadonlyMap<string, Hash> = new Map([
  ['2.16.840.1.101.3.4.2.1', 'SHA-256'],
  ['2.16.840.1.101.3.4.2.2', 'SHA-384'],
  ['2.16.840.1.101.3.4.2.3', 'SHA-512'],
]);
const ecdsaHashes: ReadonlyMap<string, Hash> = new Map([
  ['1.2.840.10045.4.3.2', 'SHA-256'],
  ['1.2.840.10045.4.3.3', 'SHA-384'],
  ['1.2.840.10045.4.3.4', 'SHA-512'],
]);
const rsaHashes: ReadonlyMap<string, Hash> = new Map([
  ['1.2.840.113549.1.1.11', 'SHA-256'],
  ['1.2.840.113549.1.1.12', 'SHA-384'],
  ['1.2.840.113549.1.1.13', 'SHA-512'],
]);
const rsaPss = '1.2.840.113549.1.1.10';
const maskGeneration1 = '1.2.840.113549.1.1.8';

interface AlgorithmIdentifier {
  readonly oid: string;
  readonly parameters: DerElement | undefined;
}

function algorithmIdentifier(reader: DerReader, what: string): AlgorithmIdentifier {
  const inner = reader.inside(tag.sequence, what);
  const oid = objectIdentifier(inner.element(tag.objectIdentifier, what), what);
  const parameters = inner.isEmpty ? undefined : inner.any(what);
  inner.end(what);
  return { oid, parameters };
}

const isNull = (parameters: DerElement | undefined): boolean =>
  parameters?.tag === tag.null && parameters.content.length === 0;

/**
 * The scheme that a certificate's AlgorithmIdentifier names, or undefined when the rules do not allow it: only
 * ECDSA (RFC 5758), RSA PKCS#1 v1.5 (RFC 4055 section 5) and RSASSA-PSS (RFC 4055 section 3), with SHA-2.
 */
export function certificateScheme(der: Uint8Array): SignatureScheme | undefined {
  const what = 'signature algorithm';
  const reader = new DerReader(der);
  const { oid, parameters } = algorithmIdentifier(reader, what);
  reader.end(what);

  const ecdsa = ecdsaHashes.get(oid);
  if (ecdsa !== undefined) return parameters === undefined ? { name: 'ECDSA', hash: ecdsa } : undefined;
  const rsa = rsaHashes.get(oid);
  if (rsa !== undefined) return isNull(parameters) ? { name: 'RSASSA-PKCS1-v1_5', hash: rsa } : undefined;
  return oid === rsaPss && parameters?.tag === tag.sequence
    ? pssScheme(new DerReader(parameters.content))
    : undefined;
}

/** RFC 4055 section 3.1, as everybody uses it: MGF1 over the same hash, salt as long as the hash, trailer by default. */
function pssScheme(parameters: DerReader): SignatureScheme | undefined {
  const what = 'RSASSA-PSS parameters';
  // Without an explicit hash the default is SHA-1, which no certificate may use.
  const [hashField, maskField, saltField] = [0, 1, 2].map((n) =>
    parameters.optional(tag.contextConstructed(n), what),
  );
  if (!hashField || !maskField || !saltField || !parameters.isEmpty) return undefined;

  const hash = pssHash(new DerReader(hashField.content), what);
  const mask = new DerReader(maskField.content);
  const { oid, parameters: maskParameters } = algorithmIdentifier(mask, what);
  mask.end(what);
  if (hash === undefined || oid !== maskGeneration1 || maskParameters === undefined) return undefined;
  if (pssHash(new DerReader(maskParameters.raw), what) !== hash) return undefined;

  const salt = new DerReader(saltField.content);
  const saltOctets = smallInteger(salt.element(tag.integer, what), what);
  salt.end(what);
  return saltOctets === hashOctets[hash] ? { name: 'RSA-PSS', hash } : undefined;
}

/** RFC 4055 section 2.1: a hash's parameters are NULL or absent, and readers take both. */
function pssHash(reader: DerReader, what: string): Hash | undefined {
  const { oid, parameters } = algorithmIdentifier(reader, what);
  reader.end(what);
  return parameters === undefined || isNull(parameters) ? hashes.get(oid) : undefined;
}

/** Ecdsa-Sig-Value (RFC 3279 section 2.2.3) as r and s of `octets` each, or undefined when it is not that. */
function rawEcdsaSignature(der: Uint8Array, octets: number): Uint8Array | undefined {
  const what = 'ECDSA signature';
  const raw = new Uint8Array(2 * octets);
  try {
    const reader = onlyInside(der, tag.sequence, what);
    for (const end of [octets, 2 * octets]) {
      const number = unsignedInteger(reader.element(tag.integer, what), what);
      if (number.length > octets) return undefined;
      raw.set(number, end - number.length);
    }
    reader.end(what);
    return raw;
  } catch (thrown) {
    if (thrown instanceof FeaturesealError) return undefined;
    throw thrown;
  }
}

/** Whether `signature`, as it stands in a certificate, is over `data` under the issuer's key. */
export async function verifyCertificateSignature(args: {
  readonly crypto: Crypto;
  readonly key: PublicKey;
  readonly scheme: SignatureScheme;
  readonly signature: Uint8Array;
  readonly data: Uint8Array;
}): Promise<boolean> {
  const { key, signature } = args;
  if (key.kind === 'RSA') return verifyWithKey(args);
  const raw = rawEcdsaSignature(signature, coordinateOctets(key.curve));
  return raw !== undefined && verifyWithKey({ ...args, signature: raw });
}
