import { describe, expect, test } from '@jest/globals';
import { parseX509Bundles } from '../../../../src/spiffe/workload-api/context.ts';
import { bundleBytes, encodeBundles, testAuthority } from '../../../support/identity.ts';
import { prepared } from '../../../support/prepared.ts';

const authority = prepared(() => testAuthority());
const other = prepared(() => testAuthority({ trustDomain: 'other.test' }));

describe('a message with bundles', () => {
  test('gives the roots of each trust domain', () => {
    const bundles = new Map([...authority().bundles(), ...other().bundles()]);
    expect(parseX509Bundles(bundleBytes(bundles))).toEqual(bundles);
  });

  test('may take all bundles back', () => {
    expect(parseX509Bundles(encodeBundles({ bundles: {} }))).toEqual(new Map());
  });

  test('may say that a trust domain has no roots', () => {
    const message = encodeBundles({ bundles: { 'spiffe://example.org': Buffer.alloc(0) } });
    expect(parseX509Bundles(message)).toEqual(new Map([['example.org', []]]));
  });

  test.each([
    ['a key with a path', 'workload-api-malformed', { 'spiffe://example.org/x': Buffer.alloc(0) }],
    ['a key that is no trust domain', 'spiffe-id-invalid', { 'spiffe://Example.org': Buffer.alloc(0) }],
    ['an empty key', 'spiffe-id-invalid', { '': Buffer.alloc(0) }],
    ['bytes that are no DER', 'certificate-malformed', { 'example.org': Buffer.from('x') }],
  ])('with %s is refused with %s', (_, code, bundles) => {
    expect(() => parseX509Bundles(encodeBundles({ bundles }))).toThrow(expect.objectContaining({ code }));
  });

  test('with two different bundles for one trust domain is refused', () => {
    const bundles = {
      'example.org': Buffer.concat(authority().bundle()),
      'spiffe://example.org': Buffer.concat(other().bundle()),
    };
    expect(() => parseX509Bundles(encodeBundles({ bundles }))).toThrow(
      'two different bundles for example.org',
    );
  });

  test('says that a bundle has the name of no trust domain', () => {
    const message = encodeBundles({ bundles: { 'spiffe://example.org/x': Buffer.alloc(0) } });
    expect(() => parseX509Bundles(message)).toThrow(
      'is keyed by an ID with a path, which is no trust domain',
    );
  });

  test('may give the same bundle under both forms of a name', () => {
    const root = Buffer.concat(authority().bundle());
    const bundles = { 'example.org': root, 'spiffe://example.org': root };
    expect(parseX509Bundles(encodeBundles({ bundles }))).toEqual(authority().bundles());
  });

  test('may name 256 roots and 1024 trust domains', () => {
    const [root] = authority().bundle();
    const roots = Buffer.concat(Array.from({ length: 256 }, () => root!));
    const domains = Array.from({ length: 1023 }, (_, n) => [`d${n}.test`, Buffer.alloc(0)] as const);
    const read = parseX509Bundles(
      encodeBundles({ bundles: { 'example.org': roots, ...Object.fromEntries(domains) } }),
    );
    expect([read.size, read.get('example.org')?.length]).toEqual([1024, 256]);
  });

  test('with more than 256 roots or 1024 trust domains is refused', () => {
    const root = Buffer.concat(authority().bundle());
    const roots = { 'example.org': Buffer.concat(Array.from({ length: 257 }, () => root)) };
    expect(() => parseX509Bundles(encodeBundles({ bundles: roots }))).toThrow('more than 256 certificates');
    const domains = Object.fromEntries(
      Array.from({ length: 1025 }, (_, n) => [`d${n}.test`, Buffer.alloc(0)]),
    );
    expect(() => parseX509Bundles(encodeBundles({ bundles: domains }))).toThrow(
      'more than 1024 trust domains',
    );
  });
});
