import { sortedKeys } from './canonical-text.ts';
import { CanonicalWriter } from './canonical-writer.ts';
import { isObject, malformed, quote } from './guard.ts';
import type { NodeFeatureSpec } from './node-feature.ts';

/** A spec that keeps the NodeFeature schema, and its RFC 8785 text in UTF-8. */
export interface ParsedSpec {
  readonly spec: NodeFeatureSpec;
  readonly canonical: Uint8Array<ArrayBuffer>;
}

/** Where a walk stands and what it has written. */
interface Walk {
  /** One path for the whole walk, for a message: a copy for each member would cost more than the checks. */
  readonly path: string[];
  readonly out: CanonicalWriter;
}

/** Checks one value and writes it. */
type Visit = (value: unknown, walk: Walk) => void;

/**
 * The strict walk over `spec`: only strings, objects and arrays of the NodeFeature schema. That bounds the depth too:
 * the schema itself ends at depth 8 of the payload. What it checks it writes in the same step, so that the bytes that are
 * signed are those that were judged, and a large object is read only once.
 *
 * @throws FeaturesealError object-malformed
 */
export function parseSpec(value: unknown): ParsedSpec {
  const walk: Walk = { path: ['spec'], out: new CanonicalWriter() };
  visitSpec(value, walk);
  // The walk has seen every member of the type and refused everything else.
  return { spec: value as NodeFeatureSpec, canonical: walk.out.bytes };
}

const fault = ({ path }: Walk, problem: string): Error => malformed(path.join('.'), problem);

const visitText: Visit = (value, walk) => {
  if (typeof value !== 'string') throw fault(walk, 'must be a string');
  if (walk.out.text(value)) return;
  checkWellFormed(value, walk);
  walk.out.escapedText(value);
};

const visitName = (key: string, walk: Walk): void => {
  if (walk.out.name(key)) return;
  checkWellFormed(key, walk);
  walk.out.escapedName(key);
};

/** Lone surrogates all become U+FFFD in UTF-8: two texts, one signature (RFC 8785 section 3.2.2.2). */
function checkWellFormed(text: string, walk: Walk): void {
  if (!text.isWellFormed()) throw fault(walk, 'is not well-formed Unicode');
}

/** An object whose members `visitOf` knows; undefined for a key that may not be there. */
function objectOf(visitOf: (key: string) => Visit | undefined, required: readonly string[] = []): Visit {
  return (value, walk) => {
    if (!isObject(value)) throw fault(walk, 'must be an object');
    walk.out.beginObject();
    for (const key of sortedKeys(value)) {
      const visit = visitOf(key);
      if (visit === undefined) throw fault(walk, `unknown field ${quote(key)}`);
      visitName(key, walk);
      walk.path.push(key);
      visit(value[key], walk);
      walk.path.pop();
    }
    for (const key of required) {
      if (!Object.hasOwn(value, key)) throw fault(walk, `lacks ${key}`);
    }
    walk.out.endObject();
  };
}

/** A map of texts. Nearly all of a large object is this, so only what is not plain is visited as other members are. */
const texts: Visit = (value, walk) => {
  if (!isObject(value)) throw fault(walk, 'must be an object');
  walk.out.beginObject();
  for (const key of sortedKeys(value)) {
    visitName(key, walk);
    const text = value[key];
    if (typeof text === 'string' && walk.out.text(text)) continue;
    walk.path.push(key);
    visitText(text, walk);
    walk.path.pop();
  }
  walk.out.endObject();
};

const mapOf = (visit: Visit): Visit => objectOf(() => visit);

function members(visits: Readonly<Record<string, Visit>>, required: readonly string[] = []): Visit {
  const known = new Map(Object.entries(visits));
  return objectOf((key) => known.get(key), required);
}

function listOf(visit: Visit): Visit {
  return (value, walk) => {
    if (!Array.isArray(value)) throw fault(walk, 'must be an array');
    walk.out.beginArray();
    // By index, not by iteration: a hole in an array is an undefined element and must be seen.
    for (let index = 0; index < value.length; index += 1) visit(value[index], walk);
    walk.out.endArray();
  };
}

const featuresOf = (elements: Visit): Visit => mapOf(members({ elements }, ['elements']));

const visitSpec = members({
  features: members({
    flags: featuresOf(mapOf(members({}))),
    attributes: featuresOf(texts),
    instances: featuresOf(listOf(members({ attributes: texts }, ['attributes']))),
  }),
  labels: texts,
});
