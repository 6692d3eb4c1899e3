import { describe, expect, test } from '@jest/globals';
import { isPathSegment, isTrustDomainId, parseSpiffeId } from '../../../src/spiffe/spiffe-id.ts';
import { reasonOf } from '../../support/reason.ts';

describe('parseSpiffeId', () => {
  test.each([
    ['spiffe://example.org', { trustDomain: 'example.org', path: '' }],
    ['spiffe://example.org/a', { trustDomain: 'example.org', path: '/a' }],
    ['spiffe://a_b-c.1/A/b.c/...', { trustDomain: 'a_b-c.1', path: '/A/b.c/...' }],
    [`spiffe://${'a'.repeat(255)}/x`, { trustDomain: 'a'.repeat(255), path: '/x' }],
    [`spiffe://a/${'x'.repeat(2037)}`, { trustDomain: 'a', path: `/${'x'.repeat(2037)}` }],
  ])('takes %.40s apart as written', (text, expected) => {
    expect(parseSpiffeId(text)).toEqual(expected);
  });

  test.each([
    ['nothing', ''],
    ['another scheme', 'https://example.org/a'],
    ['an upper-case scheme', 'SPIFFE://example.org/a'],
    ['one slash', 'spiffe:/example.org/a'],
    ['three slashes', 'spiffe:///example.org/a'],
    ['no trust domain', 'spiffe://'],
    ['no trust domain but a path', 'spiffe:///a'],
    ['an upper-case trust domain', 'spiffe://Example.org/a'],
    ['a port', 'spiffe://example.org:443/a'],
    ['a user', 'spiffe://me@example.org/a'],
    ['an IPv6 address', 'spiffe://[::1]/a'],
    ['percent-encoding in the trust domain', 'spiffe://ex%61mple.org/a'],
    ['percent-encoding in the path', 'spiffe://example.org/%2e%2e/a'],
    ['a trailing slash', 'spiffe://example.org/a/'],
    ['a slash alone', 'spiffe://example.org/'],
    ['an empty segment', 'spiffe://example.org/a//b'],
    ['a dot segment', 'spiffe://example.org/./a'],
    ['a dot-dot segment', 'spiffe://example.org/node-b/../node-a'],
    ['a query', 'spiffe://example.org/a?b'],
    ['a fragment', 'spiffe://example.org/a#b'],
    ['a tab', 'spiffe://example.org/a\tb'],
    ['a line break at the end', 'spiffe://example.org/a\n'],
    ['a NUL', 'spiffe://example.org/a\0'],
    ['a space before', ' spiffe://example.org/a'],
    ['a backslash', 'spiffe://example.org\\a'],
    ['an asterisk', 'spiffe://example.org/*'],
    ['a letter beyond ASCII', 'spiffe://example.org/ä'],
    ['a long s that upper-cases to S', 'ſpiffe://example.org/a'],
    ['a trust domain of 256', `spiffe://${'a'.repeat(256)}/x`],
    ['2049 characters', `spiffe://a/${'x'.repeat(2038)}`],
  ])('refuses %s', async (_why, text) => {
    expect(await reasonOf(() => parseSpiffeId(text))).toBe('spiffe-id-invalid');
  });

  test('admits of the 256 one-byte characters exactly the closed alphabet of a segment', () => {
    const characters = Array.from({ length: 256 }, (_, code) => String.fromCharCode(code));
    expect(characters.filter((character) => isPathSegment(`a${character}`)).join('')).toBe(
      '-.0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz',
    );
  });
});

test.each([5, null, undefined])('%p is no text, and so no SPIFFE ID', async (value) => {
  expect(await reasonOf(() => parseSpiffeId(value as unknown as string))).toBe('spiffe-id-invalid');
});

describe('isTrustDomainId', () => {
  test.each([
    ['spiffe://example.org', true],
    ['spiffe://example.org/', false],
    ['spiffe://example.org/a', false],
    ['https://example.org', false],
    ['spiffe://', false],
  ])('%s: %s', (text, expected) => {
    expect(isTrustDomainId(text)).toBe(expected);
  });
});
