import type { AttributeFeature } from '../feature/features.ts';
import { isObject, ownMember, type UnknownObject } from '../feature/guard.ts';

/** The checked copy of values that a plugin froze. */
interface Kept {
  readonly feature: AttributeFeature;
  /** How many there are. */
  readonly elements: number;
  /** In RFC 8785 form. */
  readonly bytes: number;
}

/** By the very object that was frozen: it cannot have changed since its copy was checked. */
const checked = new WeakMap<object, Kept>();

/** What a plugin returned without the attributes that were checked before, and these. */
export interface Lifted {
  readonly rest: UnknownObject;
  readonly kept: readonly (readonly [name: string, kept: Kept])[];
}

/** Takes out what need not be checked again: some thousand options of a kernel are the same every minute. */
export function liftKept(returned: UnknownObject): Lifted {
  const kept = attributesOf(returned).flatMap(([name, elements]) => {
    const known = checked.get(elements);
    return known === undefined ? [] : [[name, known] as const];
  });
  if (kept.length === 0) return { rest: returned, kept };
  const features = ownMember(returned, 'features') as UnknownObject;
  const names = new Set(kept.map(([name]) => name));
  const others = Object.entries(features['attributes'] as UnknownObject).filter(([name]) => !names.has(name));
  const rest = { ...returned, features: { ...features, attributes: Object.fromEntries(others) } };
  return { rest, kept };
}

/** For the next time: `attributes` are the checked copies of what was returned. */
export function rememberKept(
  returned: UnknownObject,
  attributes: Readonly<Record<string, AttributeFeature>>,
): void {
  for (const [name, original] of attributesOf(returned)) {
    const copy = Object.hasOwn(attributes, name) ? attributes[name] : undefined;
    if (copy === undefined || checked.has(original) || !Object.isFrozen(original)) continue;
    Object.freeze(copy.elements);
    const bytes = Buffer.byteLength(JSON.stringify(copy));
    checked.set(original, { feature: copy, elements: Object.keys(copy.elements).length, bytes });
  }
}

/** The elements of each attribute feature of what nobody has checked. */
function attributesOf(returned: UnknownObject): [string, UnknownObject][] {
  const features = ownMember(returned, 'features');
  const attributes = isObject(features) ? ownMember(features, 'attributes') : undefined;
  if (!isObject(attributes)) return [];
  return Object.entries(attributes).flatMap(([name, feature]): [string, UnknownObject][] => {
    const elements = isObject(feature) ? ownMember(feature, 'elements') : undefined;
    // A member too many is for the strict walk to refuse.
    return isObject(elements) && Object.keys(feature as UnknownObject).length === 1 ? [[name, elements]] : [];
  });
}
