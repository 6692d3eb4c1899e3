import { CanonicalWriter } from './canonical-writer.ts';
import { isObject, type UnknownObject } from './guard.ts';

/** RFC 8785 text of a value of strings, arrays and objects. @throws TypeError for any other value */
export function canonicalText(value: unknown): string {
  const out = new CanonicalWriter();
  write(value, out);
  return out.bytes.toString('utf8');
}

function write(value: unknown, out: CanonicalWriter): void {
  if (typeof value === 'string') {
    if (!out.text(value)) out.escapedText(value);
  } else if (Array.isArray(value)) {
    out.beginArray();
    for (const element of value) write(element, out);
    out.endArray();
  } else if (isObject(value)) {
    out.beginObject();
    for (const key of sortedKeys(value)) {
      if (!out.name(key)) out.escapedName(key);
      write(value[key], out);
    }
    out.endObject();
  } else {
    throw new TypeError('only strings, arrays and objects have a canonical text here');
  }
}

/**
 * The keys of an object in the order of RFC 8785 section 3.2.3, by UTF-16 code units: that is how JavaScript compares
 * strings. What an API server sends has this order already, and a look at each pair costs less than sorting.
 */
export function sortedKeys(object: UnknownObject): readonly string[] {
  const keys = Object.keys(object);
  let previous = '';
  for (const key of keys) {
    if (previous > key) return keys.sort(byCodeUnits);
    previous = key;
  }
  return keys;
}

/** The order of RFC 8785 section 3.2.3. */
export function byCodeUnits(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
