import { FeaturesealError, asFeaturesealError } from '../error.ts';
import { isObject, type UnknownObject } from '../feature/guard.ts';
import { parseJsonObject } from '../feature/parse.ts';
import { parseSpec, type ParsedSpec } from '../feature/spec.ts';
import type { Discovery, Features } from './contract.ts';
import { liftKept, rememberKept, type Lifted } from './kept.ts';
import { limits } from './limits.ts';

/** What a plugin returned, checked and copied. */
export interface Snapshot {
  readonly discovery: Discovery;
  /** From then on a discovery would find something else; milliseconds since the epoch. */
  readonly validUntil?: number;
  /** See PluginDiscovery. */
  readonly fromHostAlone: boolean;
  /** Size of it in RFC 8785 form, to within a few bytes. */
  readonly bytes: number;
}

/**
 * A copy of what a plugin returned, typed. The plugin may keep and change its own; a single number or ill-formed string
 * in it would make the whole node's object impossible to seal, so it is refused here, where it can be attributed.
 *
 * @throws FeaturesealError plugin-failed, plugin-too-large; the message is without the plugin's name
 */
export function takeSnapshot(returned: unknown): Snapshot {
  if (!isObject(returned)) {
    throw new FeaturesealError({ code: 'plugin-failed', message: 'it must return { features, labels }' });
  }
  const { spec, canonical, kept, validUntil, fromHostAlone } = parseReturned(returned);
  const { flags = {}, attributes = {}, instances = {} } = spec.features ?? {};
  const { labels = {} } = spec;
  const size = measure(canonical, [flags, attributes, instances], kept);
  demandAtMost('bytes', size.bytes, limits.pluginBytes);
  demandAtMost('features', size.features, limits.featuresPerPlugin);
  demandAtMost('elements', size.elements, limits.elementsPerPlugin);
  demandAtMost('labels', Object.keys(labels).length, limits.labelsPerPlugin);
  const features = { flags, attributes: withKept(attributes, kept), instances };
  return {
    discovery: { features, labels },
    ...(validUntil === undefined ? {} : { validUntil }),
    fromHostAlone,
    bytes: size.bytes,
  };
}

interface Parsed extends ParsedSpec, Pick<Lifted, 'kept'> {
  readonly validUntil: number | undefined;
  readonly fromHostAlone: boolean;
}

/** A Discovery has the very shape of a NodeFeature's spec: one strict walk reads both. */
function parseReturned(returned: UnknownObject): Parsed {
  try {
    const { validUntil, fromHostAlone = false, ...found } = returned;
    if (typeof fromHostAlone !== 'boolean') throw notA('fromHostAlone', 'boolean');
    const { rest, kept } = liftKept(found);
    const parsed = parseSpec(parseJsonObject(rest));
    rememberKept(found, parsed.spec.features?.attributes ?? {});
    const moment = validUntil === undefined ? undefined : momentOf(validUntil);
    return { ...parsed, kept, validUntil: moment, fromHostAlone };
  } catch (thrown) {
    const error = asFeaturesealError(thrown, 'plugin-failed', 'what it returned cannot be read');
    const code = error.code === 'object-too-large' ? 'plugin-too-large' : 'plugin-failed';
    throw new FeaturesealError({
      code,
      message: `it returned something else than features: ${error.message}`,
    });
  }
}

interface Size {
  readonly bytes: number;
  readonly features: number;
  readonly elements: number;
}

function measure(
  canonical: Uint8Array,
  kinds: readonly Features[keyof Features][],
  kept: Lifted['kept'],
): Size {
  const found = kinds.flatMap((kind) => Object.values<{ readonly elements: object }>(kind));
  const elements = found.reduce((sum, each) => sum + Object.keys(each.elements).length, 0);
  return {
    bytes: kept.reduce((sum, [, each]) => sum + each.bytes, canonical.length),
    features: found.length + kept.length,
    elements: kept.reduce((sum, [, each]) => sum + each.elements, elements),
  };
}

/** Object.fromEntries defines members, so a feature named `__proto__` is data here as everywhere. */
function withKept(attributes: Features['attributes'], kept: Lifted['kept']): Features['attributes'] {
  if (kept.length === 0) return attributes;
  const others = kept.map(([name, { feature }]) => [name, feature] as const);
  return Object.fromEntries([...Object.entries(attributes), ...others]);
}

function momentOf(validUntil: unknown): number {
  if (validUntil instanceof Date && !Number.isNaN(validUntil.getTime())) return validUntil.getTime();
  throw notA('validUntil', 'valid Date');
}

function notA(field: string, type: string): FeaturesealError {
  return new FeaturesealError({ code: 'plugin-failed', message: `${field} is not a ${type}` });
}

function demandAtMost(what: string, count: number, most: number): void {
  if (count <= most) return;
  const message = `it returned ${String(count)} ${what}, at most ${String(most)} are taken`;
  throw new FeaturesealError({ code: 'plugin-too-large', message });
}
