import { describe, expect, test } from '@jest/globals';
import { parseFeatureFile } from '../../../../plugins/local/parse.ts';

const now = new Date('2026-06-01T12:00:00Z');

function parse(...lines: readonly string[]) {
  const problems: (readonly [number, string])[] = [];
  const { features, labels } = parseFeatureFile(lines.join('\n'), now, (problem, line) =>
    problems.push([line, problem]),
  );
  return { features: Object.fromEntries(features), labels: Object.fromEntries(labels), problems };
}
const both = (entries: Readonly<Record<string, string>>) => ({
  features: entries,
  labels: entries,
  problems: [],
});

describe('a feature file', () => {
  test.each<[string, readonly string[], Readonly<Record<string, string>>]>([
    ['a key with a value', ['a=1'], { a: '1' }],
    ['a key alone, which is true', ['a'], { a: 'true' }],
    ['an empty value', ['a='], { a: '' }],
    ['what is after the first sign', ['a=b=c'], { a: 'b=c' }],
    ['spaces around the sign', ['a = b'], { 'a ': ' b' }],
    ['no spaces around a line', ['  a=1\t\r'], { a: '1' }],
    ['no comment, no empty line', ['# a=1', '', '#b'], {}],
    ['the later of two lines', ['a=1', 'a=2'], { a: '2' }],
    [
      'keys of prototypes',
      ['__proto__=1', 'constructor=2'],
      Object.fromEntries([
        ['__proto__', '1'],
        ['constructor', '2'],
      ]),
    ],
  ])('gives %s', (_, lines, entries) => {
    expect(parse(...lines)).toEqual(both(entries));
  });

  test.each<[string, readonly string[], Readonly<Record<string, string>>]>([
    ['the past hides', ['# +expiry-time=2026-06-01T11:59:59Z', 'a'], {}],
    ['this very moment does not hide', ['# +expiry-time=2026-06-01T12:00:00Z', 'a'], { a: 'true' }],
    ['the future does not hide', ['# +expiry-time=2026-06-01T12:00:01Z', 'a'], { a: 'true' }],
    ['another zone hides', ['# +expiry-time=2026-06-01T12:00:00+02:00', 'a'], {}],
    [
      'the past hides until the next time',
      ['# +expiry-time=2000-01-01T00:00:00Z', 'a', 'b', '# +expiry-time=2999-01-01T00:00:00Z', 'c'],
      { c: 'true' },
    ],
    ['the past hides only what follows', ['a', '# +expiry-time=2000-01-01T00:00:00Z', 'b'], { a: 'true' }],
  ])('expiry: %s', (_, lines, entries) => {
    expect(parse(...lines)).toEqual(both(entries));
  });

  test.each<[string, readonly string[], string | undefined]>([
    ['none', ['a'], undefined],
    ['none where it is past', ['# +expiry-time=2026-06-01T11:59:59Z', 'a'], undefined],
    ['none where it is no time', ['# +expiry-time=soon', 'a'], undefined],
    ['this very moment', ['# +expiry-time=2026-06-01T12:00:00Z', 'a'], '2026-06-01T12:00:00.000Z'],
    [
      'the first to come',
      ['2000-01-01', '2026-06-03', '2026-06-02'].flatMap((day) => [`# +expiry-time=${day}T00:00:00Z`, 'a']),
      '2026-06-02T00:00:00.000Z',
    ],
  ])('its next end is %s', (_, lines, moment) => {
    const { expiry } = parseFeatureFile(lines.join('\n'), now, () => undefined);
    expect(expiry?.toISOString()).toBe(moment);
  });

  test('no-label and no-feature take the next line alone, and an earlier one of its key', () => {
    expect(
      parse('a=1', '# +no-label', 'a=2', 'b=3', '# +no-feature', 'c=4', '# +no-feature', '# +no-label', 'd'),
    ).toEqual({
      features: { a: '2', b: '3' },
      labels: { b: '3', c: '4' },
      problems: [],
    });
  });

  test.each([
    ['# +expiry-time', 'expiry-time is not a time such as 2026-01-31T12:00:00Z'],
    ['# +expiry-time=tomorrow', 'expiry-time is not a time such as 2026-01-31T12:00:00Z'],
    ['# +expiry-time=2026-13-01T00:00:00Z', 'expiry-time is not a time such as 2026-01-31T12:00:00Z'],
    ['# +expiry-time=2000-01-01', 'expiry-time is not a time such as 2026-01-31T12:00:00Z'],
    ['# +no-such', 'there is no such directive'],
  ])('names the line of a directive that it does not understand, and goes on: %s', (line, problem) => {
    expect(parse('a', line, 'b')).toEqual({ ...both({ a: 'true', b: 'true' }), problems: [[2, problem]] });
  });
});
