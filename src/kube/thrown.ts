import { isObject } from '../feature/guard.ts';

/** `message` of what was thrown; empty where it has none. Read by shape: Node's own errors may be of another realm. */
export function messageOf(thrown: unknown): string {
  return textOf(thrown, 'message');
}

/** `name` of an error: its class. */
export function nameOf(thrown: unknown): string {
  return textOf(thrown, 'name');
}

/** `ENOENT` and the like; empty where there is none. */
export function codeOf(thrown: unknown): string {
  return textOf(thrown, 'code');
}

function textOf(thrown: unknown, key: string): string {
  // Members of errors are inherited, too: not only own ones count.
  const value = isObject(thrown) ? thrown[key] : undefined;
  return typeof value === 'string' ? value : '';
}
