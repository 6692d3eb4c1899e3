import { FeaturesealError } from '../error.ts';
import { byCodeUnits } from './canonical-text.ts';
import { malformed, ownMember, quote, type UnknownObject } from './guard.ts';
import { apiVersion, kind } from './node-feature.ts';
import { parseFrame, parseJsonObject, type ObjectFrame } from './parse.ts';
import { parseSpec } from './spec.ts';

/** Largest payload that is signed or verified, in bytes: what etcd takes by default. */
export const maxPayloadBytes = 1536 * 1024;

/** The metadata keys that a signature covers, each list sorted by UTF-16 code units without duplicates. */
export interface CoveredKeys {
  readonly labels: readonly string[];
  readonly annotations: readonly string[];
}

/**
 * The bytes that a seal signs: RFC 8785 of `{"apiVersion","kind","metadata":{"annotations","labels","name","namespace"},"spec"}`
 * with the covered labels and annotations only; docs/seal.md, "Payload".
 *
 * @param nodeFeature an object or its JSON text
 * @throws FeaturesealError object-malformed, object-too-large, covered-keys
 */
export function canonicalBytes(nodeFeature: unknown, covered: CoveredKeys): Uint8Array<ArrayBuffer> {
  const frame = parseFrame(parseJsonObject(nodeFeature));
  const sorted = { labels: inOrder(covered.labels), annotations: inOrder(covered.annotations) };
  return payloadBytes(frame, sorted, parseSpec(frame.spec).canonical);
}

/** The payload of a frame whose spec was walked already; keys must be sorted. */
export function payloadBytes(
  frame: ObjectFrame,
  covered: CoveredKeys,
  spec: Uint8Array,
): Uint8Array<ArrayBuffer> {
  // The member names of this frame are constants in RFC 8785 order; only what varies is serialised.
  const beforeSpec =
    `{"apiVersion":${JSON.stringify(apiVersion)},"kind":${JSON.stringify(kind)},"metadata":{` +
    `"annotations":${coveredText(frame.annotations, covered.annotations, 'metadata.annotations')},` +
    `"labels":${coveredText(frame.labels, covered.labels, 'metadata.labels')},` +
    `"name":${JSON.stringify(frame.name)},"namespace":${JSON.stringify(frame.namespace)}},"spec":`;
  const bytes = Buffer.concat([Buffer.from(beforeSpec, 'utf8'), spec, Buffer.from('}')]);
  if (bytes.length > maxPayloadBytes) {
    const message = `the payload has ${String(bytes.length)} bytes, at most ${String(maxPayloadBytes)} are allowed`;
    throw new FeaturesealError({ code: 'object-too-large', message });
  }
  return bytes;
}

function coveredText(map: UnknownObject, keys: readonly string[], where: string): string {
  const members = keys.map(
    (key) => `${JSON.stringify(key)}:${JSON.stringify(coveredValue(map, key, where))}`,
  );
  return `{${members.join(',')}}`;
}

/** The value under a covered key, as the signature covers it. */
export function coveredValue(map: UnknownObject, key: string, where: string): string {
  const value = ownMember(map, key);
  // A covered key that is gone would otherwise be signed as nothing at all.
  if (value === undefined) {
    const message = `${where} lacks ${quote(key)}, which the seal covers`;
    throw new FeaturesealError({ code: 'covered-keys', message });
  }
  // Two keys with lone surrogates are one key in UTF-8, as values are.
  if (!key.isWellFormed()) {
    throw new FeaturesealError({
      code: 'covered-keys',
      message: `${where}: a covered key is not well-formed Unicode`,
    });
  }
  if (typeof value !== 'string') throw malformed(where, `${quote(key)} must be a string`);
  if (!value.isWellFormed()) throw malformed(where, `${quote(key)} is not well-formed Unicode`);
  return value;
}

function inOrder(keys: readonly string[]): readonly string[] {
  if (new Set(keys).size !== keys.length) {
    throw new FeaturesealError({ code: 'covered-keys', message: 'a covered key is named twice' });
  }
  return [...keys].sort(byCodeUnits);
}
