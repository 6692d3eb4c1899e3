import { isObject, ownMember } from '../feature/guard.ts';

/** What one manager wrote last of an object's labels and annotations, by the server's own record. */
export interface ManagedKeys {
  readonly manager: string;
  /** RFC 3339, in whole seconds; empty where the server does not say. */
  readonly time: string;
  readonly labels: readonly string[];
  readonly annotations: readonly string[];
}

/**
 * `metadata.managedFields` (kubernetes.io/docs/reference/using-api/server-side-apply, "Field management"): the server
 * notes for every field who changed its value last, by the name that the client gives itself. Nothing where it keeps none.
 *
 * @param only of this manager alone
 */
export function managedKeysOf(object: unknown, only?: string): readonly ManagedKeys[] {
  const entries = memberOf(memberOf(object, 'metadata'), 'managedFields');
  if (!Array.isArray(entries)) return [];
  return entries
    .map((entry: unknown) => ({ entry, manager: textOf(entry, 'manager') }))
    .filter(({ manager }) => only === undefined || manager === only)
    .map(({ entry, manager }) => {
      const metadata = memberOf(memberOf(entry, 'fieldsV1'), 'f:metadata');
      const [labels, annotations] = [keysOf(metadata, 'f:labels'), keysOf(metadata, 'f:annotations')];
      return { manager, time: textOf(entry, 'time'), labels, annotations };
    });
}

/** `f:KEY` for each field; `.` is the map itself. */
function keysOf(metadata: unknown, part: string): readonly string[] {
  const fields = memberOf(metadata, part);
  if (!isObject(fields)) return [];
  return Object.keys(fields)
    .filter((field) => field.startsWith('f:'))
    .map((field) => field.slice(2));
}

function textOf(value: unknown, key: string): string {
  const text = memberOf(value, key);
  return typeof text === 'string' ? text : '';
}

function memberOf(value: unknown, key: string): unknown {
  return isObject(value) ? ownMember(value, key) : undefined;
}
