import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { canonicalText } from '../../../src/feature/canonical-text.ts';
import { jcs } from '../../support/seal-maker.ts';

describe('canonicalText (RFC 8785)', () => {
  test.each([
    ['an empty object', {}, '{}'],
    ['keys by UTF-16 code units', { b: '1', a: '2', B: '3' }, '{"B":"3","a":"2","b":"1"}'],
    ['integer-like keys as text', JSON.parse('{"9":"a","10":"b","1":"c"}'), '{"1":"c","10":"b","9":"a"}'],
    // Section 3.2.3: U+1F600 is D83D DE00, so it sorts before U+FB33; by code points it would not.
    ['a surrogate pair before U+FB33', { '\ufb33': 'h', '\u{1f600}': 's' }, '{"\u{1f600}":"s","\ufb33":"h"}'],
    ['arrays in their order', ['b', 'a', ['c']], '["b","a",["c"]]'],
    [
      'the keys that prototypes have',
      JSON.parse('{"toJSON":"t","__proto__":{"x":"y"},"constructor":"c"}'),
      '{"__proto__":{"x":"y"},"constructor":"c","toJSON":"t"}',
    ],
    [
      'control characters',
      { '\u0000': '\b\t\n\f\r\u001f"\\' },
      '{"\\u0000":"\\b\\t\\n\\f\\r\\u001f\\"\\\\"}',
    ],
    ['nothing else escaped', { k: '</script>&\u007f\u0080\u2028é' }, '{"k":"</script>&\u007f\u0080\u2028é"}'],
    ['two normal forms as two texts', { '\u00e9': '1', 'e\u0301': '2' }, '{"e\u0301":"2","\u00e9":"1"}'],
  ])('writes %s', (_, value, text) => {
    expect(canonicalText(value)).toBe(text);
  });

  // Around the first size of the buffer, where it has to grow: by plain text, by escaped text, by what closes.
  test.each([
    ['plain texts', 'a', 1],
    ['texts of three octets a character', '\u20ac', 3],
    ['texts of six octets a character', '\u0001', 6],
    ['empty lists', [], 3],
  ])('writes many %s, whatever the length', (_, element, octets) => {
    const most = Math.ceil((64 * 1024) / octets) + 9;
    for (let count = most - 18; count <= most; count += 1) {
      const value =
        typeof element === 'string' ? [element.repeat(count)] : Array.from({ length: count }, () => element);
      expect(canonicalText(value) === jcs(value)).toBe(true);
    }
  });

  test('writes any strings, lists and objects as another implementation does', () => {
    const text = fc.string({
      unit: fc.oneof(fc.string({ unit: 'binary', maxLength: 1 }), fc.constantFrom('"', '\\', '1', '9')),
    });
    const { value } = fc.letrec<{ value: unknown }>((tie) => ({
      value: fc.oneof({ maxDepth: 4 }, text, fc.array(tie('value')), fc.dictionary(text, tie('value'))),
    }));
    fc.assert(fc.property(value, (any) => canonicalText(any) === jcs(any)));
  });

  test.each([[1], [true], [null], [undefined], [() => 'x']])('has no text for %p', (value) => {
    expect(() => canonicalText({ a: [value] })).toThrow(TypeError);
  });
});

// The vectors with numbers, booleans and null (arrays, structures, values) have no place in a NodeFeature and are
// refused here; those of strings, objects and arrays must match to the byte.
const folder = process.env['VECTORS_DIR'];
const describeVectors = folder === undefined ? describe.skip : describe;

describeVectors('the vectors of RFC 8785 (VECTORS_DIR)', () => {
  const read = (kind: string, name: string): string =>
    readFileSync(join(folder ?? '', 'jcs', kind, name), 'utf8');
  const bytesOf = (hex: string): Buffer => Buffer.from(hex.replaceAll(/\s/g, ''), 'hex');

  test.each(['french', 'unicode', 'weird'])('%s', (name) => {
    const text = canonicalText(JSON.parse(read('input', `${name}.json`)));
    expect(Buffer.from(text, 'utf8')).toEqual(bytesOf(read('outhex', `${name}.txt`)));
  });

  test.each(['arrays', 'structures', 'values'])(
    '%s holds numbers, booleans or null and has no text',
    (name) => {
      expect(() => canonicalText(JSON.parse(read('input', `${name}.json`)))).toThrow(TypeError);
    },
  );

  test('structures, its two numbers put into quotes on both sides', () => {
    const input = read('input', 'structures.json').replace('"F": 5}', '"F": "5"}').replace('56.0', '"56"');
    const output = read('output', 'structures.json').replace('"F":5,', '"F":"5",').replace(':56,', ':"56",');
    expect(canonicalText(JSON.parse(input))).toBe(output);
  });
});
