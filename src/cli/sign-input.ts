import { FeaturesealError } from '../error.ts';
import type { ReasonCode } from '../error-codes.ts';
import { isObject, ownMember, quote, type UnknownObject } from '../feature/guard.ts';
import { kind, nodeNameLabel } from '../feature/node-feature.ts';
import { parseFrame } from '../feature/parse.ts';
import { parseSpec } from '../feature/spec.ts';
import type { CliContext } from './context.ts';
import { readText } from './files.ts';
import { parseNodeFeatureText, type ReadNodeFeature } from './node-feature-text.ts';

/** Where an object belongs that leaves it open: one file serves every node. */
export interface PlaceFlags {
  readonly node?: string;
  readonly namespace?: string;
}

/**
 * A NodeFeature of a file, JSON or YAML, with the place that the flags give it.
 *
 * @throws FeaturesealError file-unreadable, object-malformed, object-too-large, covered-keys; usage where flags and file disagree
 */
export async function readNodeFeature(
  file: string,
  place: PlaceFlags,
  context: Pick<CliContext, 'input'>,
): Promise<ReadNodeFeature> {
  const { object, format } = parseNodeFeatureText(await readText(file, context), file);
  const whole = placed(object, place);
  checkPlace(whole);
  return { object: whole, format };
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

/** The same that sealing would refuse, with what to do about it here. */
function checkPlace(object: unknown): void {
  if (!isObject(object) || ownMember(object, 'kind') !== kind) return;
  const metadata = objectOr(ownMember(object, 'metadata'));
  const labels = objectOr(ownMember(metadata, 'labels'));
  const missing = (code: ReasonCode, what: string, flag: string): FeaturesealError =>
    new FeaturesealError({ code, message: `the file has no ${what}: write it there, or give ${flag} NAME` });
  if (ownMember(metadata, 'name') === undefined)
    throw missing('object-malformed', 'metadata.name, the node that it is of', '--node');
  if (ownMember(metadata, 'namespace') === undefined)
    throw missing('object-malformed', 'metadata.namespace', '--namespace');
  // What else is wrong with the content has its code first, as where it is sealed.
  parseSpec(parseFrame(object).spec);
  if (ownMember(labels, nodeNameLabel) === undefined)
    throw missing('covered-keys', `label ${nodeNameLabel}, the node that it is of`, '--node');
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
