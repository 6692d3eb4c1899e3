import { parse as parseYamlText } from 'yaml';
import { FeaturesealError } from '../error.ts';
import { isObject, malformed } from '../feature/guard.ts';
import { maxObjectLength, parseJsonObject } from '../feature/parse.ts';

export interface ReadNodeFeature {
  /** Parsed, not checked. */
  readonly object: unknown;
  readonly format: 'json' | 'yaml';
}

/**
 * A NodeFeature as `kubectl get -o json` or `-o yaml` writes it: people keep both kinds of files.
 *
 * @param file names the text in messages
 * @throws FeaturesealError object-malformed, object-too-large
 */
export function parseNodeFeatureText(text: string, file: string): ReadNodeFeature {
  const isJson = text.trimStart().startsWith('{');
  return isJson
    ? { object: parseJsonObject(text), format: 'json' }
    : { object: yamlObject(text, file), format: 'yaml' };
}

function yamlObject(text: string, file: string): unknown {
  if (text.length > maxObjectLength) {
    const message = `${file} has ${String(text.length)} characters, at most ${String(maxObjectLength)} are read`;
    throw new FeaturesealError({ code: 'object-too-large', message });
  }
  const value = yamlValue(text, file);
  // A text in YAML would be read as JSON once more.
  if (!isObject(value)) throw malformed('object', 'must be an object, JSON or YAML');
  return value;
}

function yamlValue(text: string, file: string): unknown {
  try {
    // A label value such as 1.10 without quotes is a number to YAML; the seal refuses it rather than sign "1.1".
    return parseYamlText(text, { maxAliasCount: 0, logLevel: 'error' }) as unknown;
  } catch (cause) {
    throw new FeaturesealError({
      code: 'object-malformed',
      message: `${file} is neither JSON nor YAML`,
      cause,
    });
  }
}
