import { canonicalText } from './canonical-text.ts';
import { isObject, malformed, quote, type UnknownObject } from './guard.ts';
import type { NodeFeatureSpec } from './node-feature.ts';

/** A spec that keeps the NodeFeature schema, and its RFC 8785 text. */
export interface ParsedSpec {
  readonly spec: NodeFeatureSpec;
  readonly canonical: string;
}

/** Checks one value that stands at `where` in the object. */
type Check = (value: unknown, where: string) => void;

/**
 * The strict walk over `spec`: only strings, objects and arrays of the NodeFeature schema. That bounds the depth too:
 * the schema itself ends at depth 8 of the payload. It notices on the way whether all keys stand in RFC 8785 order
 * already; then the native serialiser writes the canonical text, which is what makes a large object cheap.
 *
 * @throws FeaturesealError object-malformed
 */
export function parseSpec(value: unknown): ParsedSpec {
  let sorted = true;

  // RFC 8785 section 3.2.3 sorts by UTF-16 code units, which is how JavaScript compares strings.
  const eachMember = (value: unknown, where: string, check: (key: string, member: unknown) => void): void => {
    if (!isObject(value)) throw malformed(where, 'must be an object');
    let previous: string | undefined;
    for (const key of Object.keys(value)) {
      // Lone surrogates all become U+FFFD in UTF-8: two texts, one signature (RFC 8785 section 3.2.2.2).
      if (!key.isWellFormed()) throw malformed(where, `key ${quote(key)} is not well-formed Unicode`);
      if (previous !== undefined && !(previous < key)) sorted = false;
      previous = key;
      check(key, value[key]);
    }
  };
  const text: Check = (value, where) => {
    if (typeof value !== 'string') throw malformed(where, 'must be a string');
    if (!value.isWellFormed()) throw malformed(where, 'is not well-formed Unicode');
  };
  const mapOf =
    (check: Check): Check =>
    (value, where) => {
      eachMember(value, where, (key, member) => {
        check(member, where + '.' + key);
      });
    };
  const members =
    (checks: Readonly<Record<string, Check>>, required: readonly string[]): Check =>
    (value, where) => {
      eachMember(value, where, (key, member) => {
        const check = Object.hasOwn(checks, key) ? checks[key] : undefined;
        if (check === undefined) throw malformed(where, `unknown field ${quote(key)}`);
        check(member, where + '.' + key);
      });
      for (const key of required) {
        if (!Object.hasOwn(value as UnknownObject, key)) throw malformed(where, `lacks ${key}`);
      }
    };
  const listOf =
    (check: Check): Check =>
    (value, where) => {
      if (!Array.isArray(value)) throw malformed(where, 'must be an array');
      // By index, not by iteration: a hole in an array is an undefined element and must be seen.
      for (let index = 0; index < value.length; index++) check(value[index], where);
    };

  const nothing = members({}, []);
  const featureSet = (elements: Check): Check => mapOf(members({ elements }, ['elements']));
  const features = members(
    {
      flags: featureSet(mapOf(nothing)),
      attributes: featureSet(mapOf(text)),
      instances: featureSet(listOf(members({ attributes: mapOf(text) }, ['attributes']))),
    },
    [],
  );
  members({ features, labels: mapOf(text) }, [])(value, 'spec');

  // The walk has seen every member of the type and refused everything else.
  return { spec: value as NodeFeatureSpec, canonical: sorted ? JSON.stringify(value) : canonicalText(value) };
}
