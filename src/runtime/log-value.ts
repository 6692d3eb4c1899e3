import { FeaturesealError } from '../error.ts';

/** Bounds of one value in a log line: what comes from outside must not fill a disk. */
const limits = { text: 1024, entries: 32, depth: 4 };

/** A copy of `value` that is plain JSON and bounded in length, breadth and depth; never throws. */
function loggable(value: unknown, depth = 0): unknown {
  switch (typeof value) {
    case 'string':
      return boundedText(value);
    case 'number':
      return Number.isFinite(value) ? value : String(value);
    case 'boolean':
    case 'undefined':
      return value;
    case 'bigint':
    case 'symbol':
      return boundedText(String(value));
    case 'function':
      return '<function>';
    case 'object':
      return value === null ? null : loggableObject(value, depth);
  }
}

/** The fields of one line, each by {@link loggable}. */
export function loggableFields(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return boundedEntries(Object.entries(fields), 0);
}

function loggableObject(value: object, depth: number): unknown {
  // Bytes are never spelled out: they may be a key.
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return `<${value.byteLength} bytes>`;
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'Invalid Date' : value.toISOString();
  if (value instanceof URL) return boundedText(value.href);
  if (depth >= limits.depth) return '<deeper>';
  if (value instanceof Error) return loggableError(value, depth);
  try {
    if (Array.isArray(value)) return boundedList(value, depth);
    if (value instanceof Set) return boundedList([...value], depth);
    return boundedEntries(value instanceof Map ? [...value] : Object.entries(value), depth);
  } catch {
    return '<unreadable>';
  }
}

/** Code, message and causes. No stack: it says nothing to who reads logs, and the message is unique enough. */
function loggableError(error: Error, depth: number): unknown {
  return {
    ...(error instanceof FeaturesealError ? { code: error.code } : { name: boundedText(error.name) }),
    message: boundedText(error.message),
    ...(error.cause === undefined ? {} : { cause: loggable(error.cause, depth + 1) }),
  };
}

function boundedText(text: string): string {
  if (text.includes('PRIVATE KEY-----')) return '<private key>';
  if (text.length <= limits.text) return text.toWellFormed();
  return `${text.slice(0, limits.text).toWellFormed()}<${text.length - limits.text} more>`;
}

function boundedList(items: readonly unknown[], depth: number): unknown[] {
  const kept = items.slice(0, limits.entries).map((item) => loggable(item, depth + 1));
  const left = items.length - kept.length;
  return left > 0 ? [...kept, `<${left} more>`] : kept;
}

function boundedEntries(
  entries: readonly (readonly [unknown, unknown])[],
  depth: number,
): Record<string, unknown> {
  const kept = entries.slice(0, limits.entries);
  const copy = kept.map(([key, value]) => [boundedText(String(key)), loggable(value, depth + 1)] as const);
  const left = entries.length - kept.length;
  return Object.fromEntries(left > 0 ? [...copy, ['more', `<${left} more>`]] : copy);
}
