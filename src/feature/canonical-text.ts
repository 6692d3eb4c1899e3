import { isObject } from './guard.ts';

/**
 * RFC 8785 text of a value of strings, arrays and objects. Strings are written as ECMAScript writes them, which is what
 * section 3.2.2.2 asks for; keys are sorted by UTF-16 code units (section 3.2.3). Written out by hand because a
 * JavaScript object cannot hold integer-like keys ("10" before "9") in that order.
 */
export function canonicalText(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonicalText).join(',')}]`;
  if (!isObject(value)) throw new TypeError('only strings, arrays and objects have a canonical text here');
  const members = Object.keys(value)
    .sort(byCodeUnits)
    .map((key) => `${JSON.stringify(key)}:${canonicalText(value[key])}`);
  return `{${members.join(',')}}`;
}

/** The order of RFC 8785 section 3.2.3. */
export function byCodeUnits(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
