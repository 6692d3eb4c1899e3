import { FeaturesealError, asFeaturesealError } from '../error.ts';
import { isObject } from '../feature/guard.ts';
import { parseJsonObject } from '../feature/parse.ts';
import { parseSpec, type ParsedSpec } from '../feature/spec.ts';
import type { Discovery } from './contract.ts';
import { limits } from './limits.ts';

/** What a plugin returned, checked and copied. */
export interface Snapshot {
  readonly discovery: Discovery;
  /** Size of it in RFC 8785 form. */
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
  const { spec, canonical } = parseReturned(returned);
  const bytes = Buffer.byteLength(canonical);
  if (bytes > limits.pluginBytes) throw tooLarge('bytes', bytes, limits.pluginBytes);

  const { flags = {}, attributes = {}, instances = {} } = spec.features ?? {};
  const labels = spec.labels ?? {};
  const features = [...Object.values(flags), ...Object.values(attributes), ...Object.values(instances)];
  const elements = features.reduce((sum, feature) => sum + Object.keys(feature.elements).length, 0);
  demandAtMost('features', features.length, limits.featuresPerPlugin);
  demandAtMost('elements', elements, limits.elementsPerPlugin);
  demandAtMost('labels', Object.keys(labels).length, limits.labelsPerPlugin);
  return { discovery: { features: { flags, attributes, instances }, labels }, bytes };
}

/** A Discovery has the very shape of a NodeFeature's spec: one strict walk reads both. */
function parseReturned(returned: object): ParsedSpec {
  try {
    return parseSpec(parseJsonObject(returned));
  } catch (thrown) {
    const error = asFeaturesealError(thrown, 'plugin-failed', 'what it returned cannot be read');
    const code = error.code === 'object-too-large' ? 'plugin-too-large' : 'plugin-failed';
    throw new FeaturesealError({
      code,
      message: `it returned something else than features: ${error.message}`,
    });
  }
}

function demandAtMost(what: string, count: number, most: number): void {
  if (count > most) throw tooLarge(what, count, most);
}

function tooLarge(what: string, count: number, most: number): FeaturesealError {
  const message = `it returned ${String(count)} ${what}, at most ${String(most)} are taken`;
  return new FeaturesealError({ code: 'plugin-too-large', message });
}
