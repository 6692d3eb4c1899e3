import { describe, expect, test } from '@jest/globals';
import { parseSpec } from '../../../src/feature/spec.ts';
import { reasonOf } from '../../support/reason.ts';

const flags = (value: unknown) => ({ features: { flags: value } });
const attributes = (value: unknown) => ({ features: { attributes: value } });
const instances = (value: unknown) => ({ features: { instances: { 'pci.device': { elements: value } } } });

const canonicalOf = (spec: unknown): string => Buffer.from(parseSpec(spec).canonical).toString('utf8');

describe('parseSpec', () => {
  test.each([
    ['nothing', '{}'],
    ['empty features', '{"features":{}}'],
    [
      'all kinds',
      '{"features":{"attributes":{"kernel.version":{"elements":{"major":"6"}}},"flags":{"cpu.cpuid":{"elements":{"AVX2":{}}}},"instances":{"pci.device":{"elements":[{"attributes":{"class":"0300"}}]}}},"labels":{"a":"b"}}',
    ],
    ['empty elements', '{"features":{"flags":{"a.b":{"elements":{}}},"instances":{"c.d":{"elements":[]}}}}'],
  ])('takes %s, canonical as it stands', (_, text) => {
    const spec: unknown = JSON.parse(text);
    expect(parseSpec(spec).spec).toBe(spec);
    expect(canonicalOf(spec)).toBe(text);
  });

  test.each([
    [
      'keys out of order',
      '{"labels":{"b":"1","a":"2"},"features":{}}',
      '{"features":{},"labels":{"a":"2","b":"1"}}',
    ],
    ['integer-like keys', '{"labels":{"10":"a","9":"b"}}', '{"labels":{"10":"a","9":"b"}}'],
    [
      'keys of prototypes',
      '{"labels":{"toJSON":"x","__proto__":"p"}}',
      '{"labels":{"__proto__":"p","toJSON":"x"}}',
    ],
    ['a key twice: the last one, as it was judged', '{"labels":{"a":"1","a":"2"}}', '{"labels":{"a":"2"}}'],
    [
      'texts that are not plain ASCII',
      '{"labels":{"\u00e9":"\u20ac","\ud83d\ude00":"\\u0001","a\\"b":"\\\\"}}',
      '{"labels":{"a\\"b":"\\\\","\u00e9":"\u20ac","\ud83d\ude00":"\\u0001"}}',
    ],
    ['white space and escapes', '{ "labels" : { "\\u0061" : "\\u002f" } }', '{"labels":{"a":"/"}}'],
  ])('brings %s into one form', (_, text, canonical) => {
    expect(canonicalOf(JSON.parse(text))).toBe(canonical);
  });

  test.each<[string, unknown]>([
    ['no spec', undefined],
    ['null', null],
    ['a list', []],
    ['an unknown field', { extra: 'x' }],
    ['__proto__ as a field', JSON.parse('{"__proto__":{"labels":{}}}')],
    ['an unknown kind of feature', { features: { toggles: {} } }],
    ['features that are null', { features: null }],
    ['labels that are a list', { labels: ['a'] }],
    ['a label that is a number', { labels: { a: 1 } }],
    ['a label that is true', { labels: { a: true } }],
    ['a label that is null', { labels: { a: null } }],
    ['a label that is an object', { labels: { a: {} } }],
    ['a feature without elements', flags({ 'a.b': {} })],
    ['a feature with an unknown field', flags({ 'a.b': { elements: {}, more: {} } })],
    ['a flag with content', flags({ 'a.b': { elements: { AVX: { x: 'y' } } } })],
    ['a flag that is text', flags({ 'a.b': { elements: { AVX: '' } } })],
    ['flags that are a list', flags({ 'a.b': { elements: ['AVX'] } })],
    ['an attribute that is a number', attributes({ 'a.b': { elements: { major: 6 } } })],
    ['instances that are a map', instances({ 0: { attributes: {} } })],
    ['an instance without attributes', instances([{}])],
    ['an instance with an unknown field', instances([{ attributes: {}, name: 'x' }])],
    ['an instance that is null', instances([null])],
    ['an instance attribute that nests', instances([{ attributes: { a: { b: 'c' } } }])],
    ['a hole in a list', instances([{ attributes: {} }, , { attributes: {} }])],
    ['depth 9', instances([{ attributes: { a: ['b'] } }])],
    ['a lone surrogate in a value', { labels: { a: '\ud800' } }],
    ['a lone surrogate in a key', { labels: { '\udc00': 'a' } }],
    ['a lone surrogate in a flag', flags({ 'a.b': { elements: { '\ud800': {} } } })],
  ])('refuses %s', async (_, spec) => {
    expect(await reasonOf(() => parseSpec(spec))).toBe('object-malformed');
  });

  test('a refusal tells a hostile key cut and escaped', () => {
    const key = `\u001b[2J${'x'.repeat(100_000)}`;
    const refusal = () => parseSpec({ labels: { [key]: 1 } });
    expect(refusal).toThrow(/^\[object-malformed\] "spec\.labels\.\\u001b\[2Jx{10,80}…": must be a string$/);
  });
});
