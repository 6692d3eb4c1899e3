import { parse as parseYamlText } from 'yaml';
import { FeaturesealError } from '../error.ts';
import { isObject, ownMember, quote, type UnknownObject } from '../feature/guard.ts';
import { nodeNameLabel } from '../feature/node-feature.ts';
import { parseJsonObject } from '../feature/parse.ts';
import type { CliContext } from './context.ts';
import { readText } from './files.ts';

/** Where an object belongs that leaves it open: one file serves every node. */
export interface PlaceFlags {
  readonly node?: string;
  readonly namespace?: string;
}

export interface ReadNodeFeature {
  /** Parsed, not checked. */
  readonly object: unknown;
  readonly format: 'json' | 'yaml';
}

/**
 * A NodeFeature of a file, JSON or YAML, with the place that the flags give it.
 *
 * @throws FeaturesealError file-unreadable, object-malformed, object-too-large; usage where flags and file disagree
 */
export async function readNodeFeature(
  file: string,
  place: PlaceFlags,
  context: Pick<CliContext, 'input'>,
): Promise<ReadNodeFeature> {
  const text = await readText(file, context);
  const isJson = text.trimStart().startsWith('{');
  const object = isJson ? parseJsonObject(text) : yamlValue(text, file);
  return { object: placed(object, place), format: isJson ? 'json' : 'yaml' };
}

function yamlValue(text: string, file: string): unknown {
  try {
    // A label value such as 1.10 without quotes is a number to YAML; the seal refuses it rather than sign "1.1".
    return parseYamlText(text, { maxAliasCount: 0 }) as unknown;
  } catch (cause) {
    throw new FeaturesealError({
      code: 'object-malformed',
      message: `${file} is neither JSON nor YAML`,
      cause,
    });
  }
}

function placed(object: unknown, { node, namespace }: PlaceFlags): unknown {
  if (!isObject(object) || (node === undefined && namespace === undefined)) return object;
  const metadata = objectOr(ownMember(object, 'metadata'));
  const labels = objectOr(ownMember(metadata, 'labels'));
  return {
    ...object,
    metadata: {
      ...metadata,
      ...given(metadata, 'name', node),
      ...given(metadata, 'namespace', namespace),
      labels: { ...labels, ...given(labels, nodeNameLabel, node) },
    },
  };
}

/** What is no object stays for the parser to refuse. */
function objectOr(value: unknown): UnknownObject {
  return isObject(value) ? value : {};
}

/** A file that speaks of another node than the one it is sealed on is a mistake, not a wish. */
function given(object: UnknownObject, key: string, value: string | undefined): Record<string, string> {
  const found = ownMember(object, key);
  if (value === undefined || found === value) return {};
  if (found === undefined) return { [key]: value };
  const said = typeof found === 'string' ? quote(found) : 'no text';
  const message = `${key} is ${said} in the file, and ${quote(value)} by the flag`;
  throw new FeaturesealError({ code: 'usage', message });
}
