import { describe, expect, test } from '@jest/globals';
import {
  createTestCa,
  Extension,
  generateKeys,
  KeyUsageFlags,
  type TestCertificateOptions,
} from '../../../support/certificates.ts';
import { reasonOf } from '../../../support/reason.ts';
import { spiffeId, trustDomain, useAuthority, year } from '../authority.ts';
import { after, expired, find, keyIdOf, second } from './find.ts';

const ca = useAuthority();
const early = { ...year, notBefore: after(second) };
const unknownCritical = {
  extraExtensions: [new Extension('1.3.6.1.4.1.55738.666.1', true, new Uint8Array([5, 0]))],
};

describe('findPath refuses', () => {
  test.each<[string, string, TestCertificateOptions]>([
    ['certificate-expired', 'an expired', expired],
    ['certificate-not-yet-valid', 'a future', early],
    ['critical-extension', 'an unknown critical extension in a', { ...year, ...unknownCritical }],
  ])('with %s %s leaf', async (code, _what, options) => {
    const { chain } = await ca().issue({ spiffeId, ...options });
    expect(await reasonOf(() => find(chain, [ca().root]))).toBe(code);
  });

  const authorities: readonly [string, string, TestCertificateOptions][] = [
    ['certificate-expired', 'that has expired', expired],
    ['certificate-not-yet-valid', 'that is not valid yet', early],
    ['issuer-not-ca', 'that is no CA', { ...year, isCa: false, keyUsage: KeyUsageFlags.keyCertSign }],
    ['issuer-key-usage', 'that may only sign lists', { ...year, keyUsage: KeyUsageFlags.cRLSign }],
    ['issuer-key-usage', 'without keyUsage', { ...year, keyUsage: undefined }],
    ['critical-extension', 'with an unknown critical extension', { ...year, ...unknownCritical }],
    ['issuer-spiffe-id', 'with a path in its SPIFFE ID', { ...year, spiffeId: 'spiffe://example.org/ca' }],
    ['issuer-spiffe-id', 'of another trust domain', { ...year, spiffeId: 'spiffe://other.org' }],
    ['issuer-spiffe-id', 'with a web address', { ...year, spiffeId: 'https://example.org' }],
    [
      'issuer-spiffe-id',
      'with two SPIFFE IDs',
      {
        ...year,
        names: ['spiffe://example.org', 'spiffe://other.org'].map((value) => ({ type: 'url', value })),
      },
    ],
  ];

  test.each(authorities)('with %s an intermediate %s', async (code, _what, options) => {
    const { chain } = await (await ca().intermediate(options)).issue({ spiffeId, ...year });
    expect(await reasonOf(() => find(chain, [ca().root]))).toBe(code);
  });

  test.each(authorities)('with %s a root %s', async (code, _what, options) => {
    const root = await createTestCa({ trustDomain, ...options });
    const { chain } = await root.issue({ spiffeId, ...year });
    expect(await reasonOf(() => find(chain, [root.root]))).toBe(code);
  });

  test('an SVID that issues another', async () => {
    const svid = await ca().issue({ spiffeId: 'spiffe://example.org/evil', subject: 'CN=Evil', ...year });
    const evil = await ca().intermediate({ keys: svid.keys, subject: 'CN=Evil', ...year });
    const { chain } = await evil.issue({ spiffeId, ...year });
    const [leaf = new Uint8Array()] = chain;
    expect(await reasonOf(() => find([leaf, ...svid.chain], [ca().root]))).toBe('issuer-not-ca');
  });

  test.each([
    [0, 0, 'accepted'],
    [0, 1, 'path-length'],
    [1, 1, 'accepted'],
    [1, 2, 'path-length'],
  ])('a root that allows %d intermediates over %d of them: %s', async (pathLength, intermediates, code) => {
    const root = await createTestCa({ trustDomain, ...year, pathLength });
    let issuer = root;
    for (let i = 0; i < intermediates; i += 1) issuer = await issuer.intermediate(year);
    const { chain } = await issuer.issue({ spiffeId, ...year });
    expect(await reasonOf(() => find(chain, [root.root]))).toBe(code);
  });

  test('with path-length a CA that names its subordinate like itself', async () => {
    const subject = 'CN=Same, O=SPIFFE';
    const limited = await ca().intermediate({ ...year, subject, pathLength: 0 });
    const { chain } = await (await limited.intermediate({ ...year, subject })).issue({ spiffeId, ...year });
    expect(await reasonOf(() => find(chain, [ca().root]))).toBe('path-length');
  });

  test('with certificate-signature a rogue CA under our name and serial, with our key identifier', async () => {
    const rogue = await createTestCa({
      trustDomain,
      ...year,
      withKeyIds: false,
      extraExtensions: [keyIdOf(ca())],
    });
    const { chain } = await rogue.issue({ spiffeId, ...year, withKeyIds: false });
    expect(await reasonOf(() => find([...chain, rogue.root], [ca().root]))).toBe('certificate-signature');
  });

  test('with certificate-signature an edited leaf', async () => {
    const { chain } = await ca().issue({ spiffeId, ...year });
    const [leaf = new Uint8Array()] = chain;
    const edited = Buffer.from(leaf);
    edited.write('node-b', edited.indexOf('node-a'));
    expect(await reasonOf(() => find([edited], [ca().root]))).toBe('certificate-signature');
  });

  test('with path-not-found a chain whose root is not in the bundle', async () => {
    const stranger = await createTestCa({ trustDomain, ...year, subject: 'CN=Stranger' });
    const { chain } = await stranger.issue({ spiffeId, ...year });
    expect(await reasonOf(() => find([...chain, stranger.root], [ca().root]))).toBe('path-not-found');
  });

  test('with path-not-found a chain without its intermediate', async () => {
    const { chain } = await (await ca().intermediate(year)).issue({ spiffeId, ...year });
    expect(await reasonOf(() => find(chain.slice(0, 1), [ca().root]))).toBe('path-not-found');
  });

  test('with the fault of the path that got furthest', async () => {
    const keys = await generateKeys();
    const subject = 'CN=Twin, O=SPIFFE';
    const stranger = await createTestCa({ trustDomain, ...expired, subject: 'CN=Stranger' });
    const first = await ca().intermediate({ keys, subject, ...expired });
    const second = await stranger.intermediate({ keys, subject, ...year });
    const { chain } = await first.issue({ spiffeId, ...year });
    const roots = [ca().root, stranger.root];
    expect(await reasonOf(() => find([...chain, second.certificate], roots))).toBe('certificate-expired');
    expect(await reasonOf(() => find([...chain, second.certificate], [ca().root]))).toBe('path-not-found');
  });
});
