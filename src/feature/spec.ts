import { canonicalText } from './canonical-text.ts';
import { isObject, malformed, quote } from './guard.ts';
import type { NodeFeatureSpec } from './node-feature.ts';

/** A spec that keeps the NodeFeature schema, and its RFC 8785 text. */
export interface ParsedSpec {
  readonly spec: NodeFeatureSpec;
  readonly canonical: string;
}

/** Where the walk is, for a message; joined only where one is needed. */
type Path = readonly string[];

/** Checks one value; true where its keys and those below stand in RFC 8785 order already. */
type Check = (value: unknown, path: Path) => boolean;

/**
 * The strict walk over `spec`: only strings, objects and arrays of the NodeFeature schema. That bounds the depth too:
 * the schema itself ends at depth 8 of the payload. It sees on the way whether all keys stand in RFC 8785 order already,
 * as they do in what an API server sends; then the native serialiser writes the canonical text. That, and that no path
 * is put together before there is a fault, is what makes a large object cheap.
 *
 * @throws FeaturesealError object-malformed
 */
export function parseSpec(value: unknown): ParsedSpec {
  const sorted = checkSpec(value, ['spec']);
  // The walk has seen every member of the type and refused everything else.
  const spec = value as NodeFeatureSpec;
  const canonical = sorted ? JSON.stringify(value) : canonicalText(value);
  // Lone surrogates all become U+FFFD in UTF-8: two texts, one signature (RFC 8785 section 3.2.2.2). The serialiser
  // writes each as an escape, so only a text with such an escape has to be looked through.
  if (canonical.includes('\\ud')) checkWellFormed(value, ['spec']);
  return { spec, canonical };
}

const checkText: Check = (value, path) => {
  if (typeof value !== 'string') throw malformed(path.join('.'), 'must be a string');
  return true;
};

/** A map of texts: nearly all of a large object is this, so it is walked without a call for each member. */
const checkTexts: Check = (value, path) => {
  if (!isObject(value)) throw malformed(path.join('.'), 'must be an object');
  let sorted = true;
  let previous = '';
  for (const key of Object.keys(value)) {
    if (typeof value[key] !== 'string') checkText(value[key], [...path, key]);
    // RFC 8785 section 3.2.3 sorts by UTF-16 code units, which is how JavaScript compares strings.
    if (previous > key) sorted = false;
    previous = key;
  }
  return sorted;
};

function mapOf(check: Check): Check {
  return (value, path) => {
    if (!isObject(value)) throw malformed(path.join('.'), 'must be an object');
    const keys = Object.keys(value);
    const members = keys.map((key) => check(value[key], [...path, key]));
    return members.every(Boolean) && keys.every((key, index) => index === 0 || (keys[index - 1] ?? '') < key);
  };
}

function members(checks: ReadonlyMap<string, Check>, required: readonly string[]): Check {
  return (value, path) => {
    if (!isObject(value)) throw malformed(path.join('.'), 'must be an object');
    let sorted = true;
    let previous = '';
    for (const key of Object.keys(value)) {
      const check = checks.get(key);
      if (check === undefined) throw malformed(path.join('.'), `unknown field ${quote(key)}`);
      if (!check(value[key], checks.size === 1 ? path : [...path, key]) || previous > key) sorted = false;
      previous = key;
    }
    for (const key of required) {
      if (!Object.hasOwn(value, key)) throw malformed(path.join('.'), `lacks ${key}`);
    }
    return sorted;
  };
}

function listOf(check: Check): Check {
  return (value, path) => {
    if (!Array.isArray(value)) throw malformed(path.join('.'), 'must be an array');
    let sorted = true;
    // By index, not by iteration: a hole in an array is an undefined element and must be seen.
    for (let index = 0; index < value.length; index++) if (!check(value[index], path)) sorted = false;
    return sorted;
  };
}

function featureSet(elements: Check): Check {
  return mapOf(members(new Map([['elements', elements]]), ['elements']));
}

const checkSpec = members(
  new Map([
    [
      'features',
      members(
        new Map([
          ['flags', featureSet(mapOf(members(new Map(), [])))],
          ['attributes', featureSet(checkTexts)],
          ['instances', featureSet(listOf(members(new Map([['attributes', checkTexts]]), ['attributes'])))],
        ]),
        [],
      ),
    ],
    ['labels', checkTexts],
  ]),
  [],
);

function checkWellFormed(value: unknown, path: Path): void {
  if (typeof value === 'string') {
    if (!value.isWellFormed()) throw malformed(path.join('.'), 'is not well-formed Unicode');
  } else if (Array.isArray(value)) {
    for (const each of value) checkWellFormed(each, path);
  } else if (isObject(value)) {
    for (const [key, member] of Object.entries(value)) {
      if (!key.isWellFormed())
        throw malformed(path.join('.'), `key ${quote(key)} is not well-formed Unicode`);
      checkWellFormed(member, [...path, key]);
    }
  }
}
