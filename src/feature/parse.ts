import { FeaturesealError } from '../error.ts';
import { isObject, malformed, ownMember, type UnknownObject } from './guard.ts';
import { apiVersion, kind } from './node-feature.ts';

/** Largest JSON text of a whole API object that is read, in UTF-16 code units. managedFields can double a payload. */
export const maxObjectLength = 4 * 1024 * 1024;

/** An API object of which only the frame is known: that it is a NodeFeature, and which one. */
export interface ObjectFrame {
  readonly name: string;
  readonly namespace: string;
  /** As stored; values are unknown until a seal that covers them is verified. */
  readonly labels: UnknownObject;
  readonly annotations: UnknownObject;
  readonly spec: unknown;
}

/**
 * JSON text, or an object that JSON text is made of first: what is verified must not change under our hands, and a
 * getter or a Proxy could.
 *
 * @throws FeaturesealError object-too-large, object-malformed
 */
export function parseJsonObject(input: unknown): unknown {
  try {
    const text = typeof input === 'string' ? input : JSON.stringify(input);
    if (typeof text !== 'string') throw malformed('object', 'is not JSON');
    if (text.length > maxObjectLength) {
      const message = `the object has ${String(text.length)} characters, at most ${String(maxObjectLength)} are read`;
      throw new FeaturesealError({ code: 'object-too-large', message });
    }
    return JSON.parse(text) as unknown;
  } catch (thrown) {
    // A SyntaxError, or a RangeError of 100,000 nested arrays: a refusal, never a crash.
    if (thrown instanceof FeaturesealError) throw thrown;
    const problem = thrown instanceof RangeError ? 'is nested too deeply' : 'is not JSON';
    throw malformed('object', problem);
  }
}

/**
 * The frame of a parsed JSON value.
 *
 * @throws FeaturesealError object-malformed
 */
export function parseFrame(value: unknown): ObjectFrame {
  if (!isObject(value)) throw malformed('object', 'must be a JSON object');
  if (ownMember(value, 'apiVersion') !== apiVersion) throw malformed('apiVersion', `must be ${apiVersion}`);
  if (ownMember(value, 'kind') !== kind) throw malformed('kind', `must be ${kind}`);
  const metadata = ownMember(value, 'metadata');
  if (!isObject(metadata)) throw malformed('metadata', 'must be an object');
  return {
    name: metadataText(metadata, 'name'),
    namespace: metadataText(metadata, 'namespace'),
    labels: metadataMap(metadata, 'labels'),
    annotations: metadataMap(metadata, 'annotations'),
    spec: ownMember(value, 'spec'),
  };
}

function metadataText(metadata: UnknownObject, key: string): string {
  const value = ownMember(metadata, key);
  if (typeof value !== 'string' || value === '')
    throw malformed(`metadata.${key}`, 'must be a string, not empty');
  if (!value.isWellFormed()) throw malformed(`metadata.${key}`, 'is not well-formed Unicode');
  return value;
}

function metadataMap(metadata: UnknownObject, key: string): UnknownObject {
  const value = ownMember(metadata, key);
  if (value === undefined) return {};
  if (!isObject(value)) throw malformed(`metadata.${key}`, 'must be an object');
  return value;
}
