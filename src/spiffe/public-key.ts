import { FeaturesealError } from '../error.ts';
import { type CurveName, isPointOnCurve } from './curve.ts';
import { type DerElement, onlyInside, tag } from './der.ts';
import { objectIdentifier, unsignedInteger, wholeBitString } from './der-values.ts';

/** A key on a named curve. `spki` is the DER of its SubjectPublicKeyInfo, `point` the uncompressed point in it. */
export interface EcPublicKey {
  readonly kind: 'EC';
  readonly curve: CurveName;
  readonly point: Uint8Array;
  readonly spki: Uint8Array;
}

/** An RSA key; `bits` is the length of the modulus. */
export interface RsaPublicKey {
  readonly kind: 'RSA';
  readonly bits: number;
  readonly spki: Uint8Array;
}

/** A public key that the rules allow for an issuer at least; {@link sealAlgorithms} says what may sign seals. */
export type PublicKey = EcPublicKey | RsaPublicKey;

/** JWS algorithms of a seal (RFC 7518 section 3.1). */
export type SealAlgorithm = 'ES256' | 'ES384' | 'PS256' | 'RS256';

const ecPublicKey = '1.2.840.10045.2.1';
const rsaEncryption = '1.2.840.113549.1.1.1';
const curveNames: ReadonlyMap<string, CurveName> = new Map([
  ['1.2.840.10045.3.1.7', 'P-256'],
  ['1.3.132.0.34', 'P-384'],
  ['1.3.132.0.35', 'P-521'],
]);
const rsaBits = { smallest: 2048, largestLeaf: 4096, largestIssuer: 8192 };

function notAllowed(why: string): FeaturesealError {
  return new FeaturesealError({ code: 'key-not-allowed', message: `a public key is not allowed: ${why}` });
}

/**
 * Parses a SubjectPublicKeyInfo (RFC 5280 section 4.1.2.7).
 * @throws FeaturesealError `certificate-malformed`, or `key-not-allowed` for every kind of key outside the rules
 */
export function parsePublicKey(spki: Uint8Array): PublicKey {
  const reader = onlyInside(spki, tag.sequence, 'public key');
  const algorithm = reader.inside(tag.sequence, 'public key algorithm');
  const key = wholeBitString(reader.element(tag.bitString, 'public key bits'), 'public key bits');
  reader.end('public key');

  const oid = objectIdentifier(
    algorithm.element(tag.objectIdentifier, 'public key algorithm'),
    'public key algorithm',
  );
  const parameters = algorithm.isEmpty ? undefined : algorithm.any('public key parameters');
  algorithm.end('public key algorithm');

  if (oid === ecPublicKey) return ecKey(spki, parameters, key);
  if (oid === rsaEncryption) return rsaKey(spki, parameters, key);
  throw notAllowed(`algorithm ${oid}`);
}

function ecKey(spki: Uint8Array, parameters: DerElement | undefined, point: Uint8Array): EcPublicKey {
  // RFC 5480 section 2.1.1: namedCurve only. Explicit parameters let a forger choose a generator under which the
  // root's own public point has a private key that he knows (CVE-2020-0601).
  if (parameters?.tag !== tag.objectIdentifier) throw notAllowed('an elliptic curve that is not named');
  const oid = objectIdentifier(parameters, 'curve');
  const curve = curveNames.get(oid);
  if (curve === undefined) throw notAllowed(`curve ${oid}`);
  if (!isPointOnCurve(curve, point)) throw notAllowed(`not an uncompressed point on ${curve}`);
  return { kind: 'EC', curve, point, spki };
}

function rsaKey(spki: Uint8Array, parameters: DerElement | undefined, key: Uint8Array): RsaPublicKey {
  // RFC 3279 section 2.3.1: parameters are NULL.
  if (parameters?.tag !== tag.null || parameters.content.length > 0)
    throw notAllowed('RSA parameters are not NULL');
  const reader = onlyInside(key, tag.sequence, 'RSA key');
  const modulus = unsignedInteger(reader.element(tag.integer, 'RSA modulus'), 'RSA modulus');
  const exponent = unsignedInteger(reader.element(tag.integer, 'RSA exponent'), 'RSA exponent');
  reader.end('RSA key');

  const [top = 0] = modulus;
  const bits = (modulus.length - 1) * 8 + (32 - Math.clz32(top));
  if (bits < rsaBits.smallest || bits > rsaBits.largestIssuer) throw notAllowed(`RSA of ${bits} bits`);
  if (((modulus.at(-1) ?? 0) & 1) === 0) throw notAllowed('even RSA modulus');
  // With e = 1 every text is its own signature; a small or even e invites forgery. Above 2^31-1 verifiers disagree.
  const e = exponent.length > 4 ? Infinity : exponent.reduce((sum, octet) => sum * 256 + octet, 0);
  if (e < 65537 || e > 2 ** 31 - 1 || e % 2 === 0)
    throw notAllowed('RSA exponent is not odd and from 65537 to 2^31-1');
  return { kind: 'RSA', bits, spki };
}

/**
 * What may verify a seal under this key, the first being what signs: P-256 `ES256`, P-384 `ES384`, RSA of 2048 to
 * 4096 bits `PS256` and `RS256`, any other key nothing. The key decides, never the header: no algorithm confusion.
 */
export function sealAlgorithms(key: PublicKey): readonly SealAlgorithm[] {
  if (key.kind === 'RSA') return key.bits <= rsaBits.largestLeaf ? ['PS256', 'RS256'] : [];
  if (key.curve === 'P-256') return ['ES256'];
  if (key.curve === 'P-384') return ['ES384'];
  return [];
}
