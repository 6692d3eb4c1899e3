import { z } from 'zod';
import { FeaturesealError } from '../error.ts';
import type { ReasonCode } from '../error-codes.ts';
import { nodeNameLabel } from '../feature/node-feature.ts';
import type { CoveredKeys } from '../feature/payload.ts';
import type { SealAlgorithm } from '../spiffe/public-key.ts';
import { decodeBase64 } from './base64.ts';

/** Annotation that carries the seal. */
export const sealAnnotation = 'featureseal.io/signature';
/** `typ` of the protected header (RFC 8725 section 3.11: explicit typing). */
export const sealType = 'nodefeature-seal+jws';

const maxCertificates = 8;
const maxChainBytes = 32 * 1024;
const maxCoveredKeys = 64;
const algorithms: readonly SealAlgorithm[] = ['ES256', 'ES384', 'PS256', 'RS256'];

/** The protected header, parsed and within its limits; nothing of it is trusted yet. */
export interface SealHeader {
  readonly algorithm: SealAlgorithm;
  /** DER, leaf first. */
  readonly chain: readonly Uint8Array<ArrayBuffer>[];
  /** The same chain as text: equal text is an equal chain. */
  readonly chainText: string;
  /** Milliseconds since the epoch. */
  readonly iat: number;
  readonly cluster: string;
  readonly covered: CoveredKeys;
}

// Exactly these members: `crit`, `b64`, `kid` or `jwk` would change what a verifier does (RFC 8725 section 2.8).
const headerSchema = z.strictObject({
  typ: z.string(),
  alg: z.string(),
  x5c: z.array(z.string()),
  // Any number: what is wrong with 1e400, which is Infinity to a parser, is its value and not its type.
  iat: z.custom<number>((value) => typeof value === 'number'),
  cluster: z.string(),
  labels: z.array(z.string()),
  annotations: z.array(z.string()),
});

/**
 * The header of the design's table, from its JSON text.
 *
 * @throws FeaturesealError with a code of step 2
 */
export function parseHeader(text: string): SealHeader {
  const members = headerSchema.safeParse(parseJson(text));
  if (!members.success)
    throw refusal('seal-malformed', 'the header has not exactly the known members with their types');
  const { typ, alg, x5c, iat, cluster, labels, annotations } = members.data;
  // A signature that this key made for TLS, a token or a later version of the seal is none of ours.
  if (typ !== sealType) throw refusal('seal-type-unknown', `typ must be ${sealType}`);
  const algorithm = algorithms.find((known) => known === alg);
  if (algorithm === undefined) throw refusal('seal-algorithm', `alg must be one of ${algorithms.join(', ')}`);
  if (!isPlainText(text) || !Number.isSafeInteger(iat) || iat < 1) {
    throw refusal('seal-time', 'iat must be an integer from 1 to 2^53-1');
  }
  return {
    algorithm,
    chain: decodeChain(x5c),
    chainText: x5c.join(' '),
    iat,
    cluster,
    covered: coveredKeys(labels, annotations),
  };
}

function parseJson(text: string): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw refusal('seal-malformed', 'the header is not JSON');
  }
  // RFC 7515 section 4: member names must be unique. No member of ours holds an object, so outside of strings each
  // colon is one member; JSON.parse keeps the last of a pair, another verifier might keep the first.
  const colons = withoutStrings(text).split(':').length - 1;
  if (typeof value !== 'object' || value === null || colons !== Object.keys(value).length) {
    throw refusal('seal-malformed', 'the header has a member twice or one inside another');
  }
  return value;
}

/** True where the only number, iat, is written in digits: `1e3` and `1.0` are other texts for other parsers. */
function isPlainText(text: string): boolean {
  return /^[\s{}[\],:0-9]*$/.test(withoutStrings(text));
}

function withoutStrings(json: string): string {
  return json.replace(/"(?:[^"\\]|\\.)*"/gs, '');
}

function decodeChain(x5c: readonly string[]): readonly Uint8Array<ArrayBuffer>[] {
  if (x5c.length === 0 || x5c.length > maxCertificates) {
    throw refusal('seal-chain', `x5c must hold 1 to ${String(maxCertificates)} certificates`);
  }
  const chain = x5c.map((text) => {
    const der = decodeBase64(text, 'base64');
    if (der === undefined || der.length === 0)
      throw refusal('seal-chain', 'x5c holds text that is not standard base64');
    return der;
  });
  const bytes = chain.reduce((sum, der) => sum + der.length, 0);
  if (bytes > maxChainBytes)
    throw refusal('seal-chain', `x5c holds more than ${String(maxChainBytes)} bytes of DER`);
  return chain;
}

function coveredKeys(labels: readonly string[], annotations: readonly string[]): CoveredKeys {
  if (labels.length + annotations.length > maxCoveredKeys) {
    throw refusal('covered-keys', `at most ${String(maxCoveredKeys)} metadata keys may be covered`);
  }
  for (const keys of [labels, annotations]) {
    const ordered = keys.every((key, index) => index === 0 || (keys[index - 1] ?? '') < key);
    if (!ordered)
      throw refusal('covered-keys', 'covered keys must be sorted by UTF-16 code units, without duplicates');
    if (!keys.every((key) => key.isWellFormed()))
      throw refusal('covered-keys', 'a covered key is not well-formed Unicode');
  }
  // A seal cannot cover itself, and one that does not name its node could be shown for any.
  if (annotations.includes(sealAnnotation))
    throw refusal('covered-keys', 'the seal cannot cover its own annotation');
  if (!labels.includes(nodeNameLabel)) throw refusal('covered-keys', `the seal must cover ${nodeNameLabel}`);
  return { labels, annotations };
}

function refusal(code: ReasonCode, message: string): FeaturesealError {
  return new FeaturesealError({ code, message });
}
