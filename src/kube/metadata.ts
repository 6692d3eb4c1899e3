import { FeaturesealError } from '../error.ts';
import { isObject, ownMember, type UnknownObject } from '../feature/guard.ts';

/** What every object of the API has (ObjectMeta); other members are unknown. */
export interface Metadata {
  /** Empty where the kind has no namespaces. */
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly members: UnknownObject;
}

/**
 * The metadata of an object as the API server sent it.
 *
 * @throws FeaturesealError object-malformed
 */
export function metadataOf(object: unknown): Metadata {
  const members = isObject(object) ? ownMember(object, 'metadata') : undefined;
  if (!isObject(members)) throw malformed('an object without metadata');
  return {
    namespace: textMember(members, 'namespace', ''),
    name: textMember(members, 'name'),
    uid: textMember(members, 'uid'),
    resourceVersion: textMember(members, 'resourceVersion'),
    members,
  };
}

/** `namespace/name`, or the name alone where the kind has no namespaces. */
export function keyOf({ namespace, name }: Pick<Metadata, 'namespace' | 'name'>): string {
  return namespace === '' ? name : `${namespace}/${name}`;
}

function textMember(members: UnknownObject, key: string, absent?: string): string {
  const value = ownMember(members, key) ?? absent;
  if (typeof value !== 'string' || (value === '' && absent === undefined))
    throw malformed(`an object without metadata.${key}`);
  return value;
}

/** What the API server itself should never send. */
export function malformed(what: string): FeaturesealError {
  return new FeaturesealError({ code: 'object-malformed', message: `the API server sent ${what}` });
}
