import { beforeAll, describe, expect, test } from '@jest/globals';
import { findPath, verifyCertificatePath } from '../../../src/spiffe/path.ts';
import { parseRoots } from '../../../src/spiffe/bundle.ts';
import { parseX509Svid } from '../../../src/spiffe/svid.ts';
import {
  createTestCa,
  Extension,
  KeyUsageFlags,
  generateKeys,
  type TestCa,
  type TestCertificateOptions,
  toPem,
} from '../../support/certificates.ts';
import { countingCrypto } from '../../support/counting-crypto.ts';
import * as w from '../../support/der-writer.ts';
import * as raw from '../../support/raw-certificate.ts';
import { reasonOf } from '../../support/reason.ts';

const { crypto } = globalThis;
const trustDomain = 'example.org';
const spiffeId = 'spiffe://example.org/worker/node-a';
const now = new Date('2026-06-01T12:00:00Z');
const second = 1000;
const after = (milliseconds: number): Date => new Date(now.getTime() + milliseconds);
const year = { notBefore: new Date('2026-01-01T00:00:00Z'), notAfter: new Date('2026-12-31T00:00:00Z') };
const expired = { ...year, notAfter: after(-second) };
const early = { ...year, notBefore: after(second) };
const unknownCritical = {
  extraExtensions: [new Extension('1.3.6.1.4.1.55738.666.1', true, new Uint8Array([5, 0]))],
};

function find(
  chain: readonly Uint8Array[],
  roots: readonly Uint8Array[],
  at = now,
): ReturnType<typeof findPath> {
  const { leaf, pool } = parseX509Svid(chain);
  return findPath({ leaf, pool, roots: parseRoots(roots), trustDomain, now: at, crypto });
}

let ca: TestCa;
beforeAll(async () => {
  ca = await createTestCa({ trustDomain, ...year });
});

describe('findPath', () => {
  test('finds the path under three intermediates, in whatever order they come', async () => {
    const a = await ca.intermediate(year);
    const b = await a.intermediate(year);
    const c = await b.intermediate(year);
    const { chain } = await c.issue({ spiffeId, ...year });
    const [leaf = new Uint8Array()] = chain;
    const path = await find([leaf, a.certificate, ca.root, c.certificate, b.certificate], [ca.root]);
    expect(path.certificates.map(({ der }) => der)).toEqual([
      leaf,
      c.certificate,
      b.certificate,
      a.certificate,
      ca.root,
    ]);
  });

  test('is valid until the first certificate of the path expires', async () => {
    const notAfter = after(60 * second);
    const intermediate = await ca.intermediate({ ...year, notAfter });
    const { chain } = await intermediate.issue({ spiffeId, ...year });
    expect((await find(chain, [ca.root])).notAfter).toEqual(notAfter);
  });

  test('ends at an anchor that another CA has signed', async () => {
    const anchor = await ca.intermediate(year);
    const { chain } = await anchor.issue({ spiffeId, ...year });
    const path = await find([...chain, ca.root], [anchor.certificate]);
    expect(path.certificates).toHaveLength(2);
  });

  test('finds the right one of three roots of the same name without key identifiers', async () => {
    const same = { trustDomain, ...year, withKeyIds: false };
    const roots = [await createTestCa(same), await createTestCa(same), await createTestCa(same)];
    for (const root of roots) {
      const { chain } = await root.issue({ spiffeId, ...year, withKeyIds: false });
      expect(
        (
          await find(
            chain,
            roots.map((each) => each.root),
          )
        ).certificates[1]?.der,
      ).toEqual(root.root);
    }
  });

  test('follows a root that lies about its key identifier: a hint orders, it does not exclude', async () => {
    const keys = await generateKeys();
    const other = await createTestCa({ trustDomain, ...year });
    // One name and key, two certificates; the anchor's identifier is of another key.
    const lying = await createTestCa({
      trustDomain,
      ...year,
      keys,
      withKeyIds: false,
      extraExtensions: [keyIdOf(other)],
    });
    const { chain } = await lying.issue({ spiffeId, ...year });
    expect((await find(chain, [other.root, lying.root])).certificates[1]?.der).toEqual(lying.root);
  });

  test('uses the good one of two certificates of the same intermediate', async () => {
    const keys = await generateKeys();
    const subject = 'CN=Twin, O=SPIFFE';
    const old = await ca.intermediate({ keys, subject, ...expired });
    const current = await ca.intermediate({ keys, subject, ...year });
    const { chain } = await old.issue({ spiffeId, ...year });
    const path = await find([...chain, current.certificate], [ca.root]);
    expect(path.certificates[1]?.der).toEqual(current.certificate);
  });

  test('takes a CA with names of other forms than a URI', async () => {
    const names = [
      { type: 'dns', value: 'ca.example.org' } as const,
      { type: 'ip', value: '192.0.2.1' } as const,
    ];
    const intermediate = await ca.intermediate({ ...year, names });
    const { chain } = await intermediate.issue({ spiffeId, ...year });
    expect((await find(chain, [ca.root])).certificates).toHaveLength(3);
  });

  test('counts both dates in, to the millisecond', async () => {
    const { chain } = await ca.issue({ spiffeId, notBefore: now, notAfter: after(second) });
    const reasonAt = (milliseconds: number): Promise<string> =>
      reasonOf(() => find(chain, [ca.root], after(milliseconds)));
    expect(await reasonAt(-1)).toBe('certificate-not-yet-valid');
    expect(await reasonAt(0)).toBe('accepted');
    expect(await reasonAt(second)).toBe('accepted');
    expect(await reasonAt(second + 1)).toBe('certificate-expired');
  });

  test('refuses a time that is none', async () => {
    const { chain } = await ca.issue({ spiffeId, ...year });
    expect(await reasonOf(() => find(chain, [ca.root], new Date('soon')))).toBe('usage');
  });
});

describe('findPath refuses', () => {
  test.each<[string, string, TestCertificateOptions]>([
    ['certificate-expired', 'an expired', expired],
    ['certificate-not-yet-valid', 'a future', early],
    ['critical-extension', 'an unknown critical extension in a', { ...year, ...unknownCritical }],
  ])('with %s %s leaf', async (code, _what, options) => {
    const { chain } = await ca.issue({ spiffeId, ...options });
    expect(await reasonOf(() => find(chain, [ca.root]))).toBe(code);
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
    const { chain } = await (await ca.intermediate(options)).issue({ spiffeId, ...year });
    expect(await reasonOf(() => find(chain, [ca.root]))).toBe(code);
  });

  test.each(authorities)('with %s a root %s', async (code, _what, options) => {
    const root = await createTestCa({ trustDomain, ...options });
    const { chain } = await root.issue({ spiffeId, ...year });
    expect(await reasonOf(() => find(chain, [root.root]))).toBe(code);
  });

  test('an SVID that issues another', async () => {
    const svid = await ca.issue({ spiffeId: 'spiffe://example.org/evil', subject: 'CN=Evil', ...year });
    const evil = await ca.intermediate({ keys: svid.keys, subject: 'CN=Evil', ...year });
    const { chain } = await evil.issue({ spiffeId, ...year });
    const [leaf = new Uint8Array()] = chain;
    expect(await reasonOf(() => find([leaf, ...svid.chain], [ca.root]))).toBe('issuer-not-ca');
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
    const limited = await ca.intermediate({ ...year, subject, pathLength: 0 });
    const { chain } = await (await limited.intermediate({ ...year, subject })).issue({ spiffeId, ...year });
    expect(await reasonOf(() => find(chain, [ca.root]))).toBe('path-length');
  });

  test('with certificate-signature a rogue CA under our name and serial, with our key identifier', async () => {
    const rogue = await createTestCa({
      trustDomain,
      ...year,
      withKeyIds: false,
      extraExtensions: [keyIdOf(ca)],
    });
    const { chain } = await rogue.issue({ spiffeId, ...year, withKeyIds: false });
    expect(await reasonOf(() => find([...chain, rogue.root], [ca.root]))).toBe('certificate-signature');
  });

  test('with certificate-signature an edited leaf', async () => {
    const { chain } = await ca.issue({ spiffeId, ...year });
    const [leaf = new Uint8Array()] = chain;
    const edited = Buffer.from(leaf);
    edited.write('node-b', edited.indexOf('node-a'));
    expect(await reasonOf(() => find([edited], [ca.root]))).toBe('certificate-signature');
  });

  test('with path-not-found a chain whose root is not in the bundle', async () => {
    const stranger = await createTestCa({ trustDomain, ...year, subject: 'CN=Stranger' });
    const { chain } = await stranger.issue({ spiffeId, ...year });
    expect(await reasonOf(() => find([...chain, stranger.root], [ca.root]))).toBe('path-not-found');
  });

  test('with path-not-found a chain without its intermediate', async () => {
    const { chain } = await (await ca.intermediate(year)).issue({ spiffeId, ...year });
    expect(await reasonOf(() => find(chain.slice(0, 1), [ca.root]))).toBe('path-not-found');
  });

  test('with the fault of the path that got furthest', async () => {
    const keys = await generateKeys();
    const subject = 'CN=Twin, O=SPIFFE';
    const stranger = await createTestCa({ trustDomain, ...expired, subject: 'CN=Stranger' });
    const first = await ca.intermediate({ keys, subject, ...expired });
    const second = await stranger.intermediate({ keys, subject, ...year });
    const { chain } = await first.issue({ spiffeId, ...year });
    const roots = [ca.root, stranger.root];
    expect(await reasonOf(() => find([...chain, second.certificate], roots))).toBe('certificate-expired');
    expect(await reasonOf(() => find([...chain, second.certificate], [ca.root]))).toBe('path-not-found');
  });
});

describe('the algorithms of a certificate signature', () => {
  test.each<[TestCertificateOptions['keyAlgorithm'], TestCertificateOptions['hash'], boolean, string]>([
    ['P-256', 'SHA-256', false, 'accepted'],
    ['P-256', 'SHA-512', false, 'accepted'],
    ['P-384', 'SHA-384', false, 'accepted'],
    ['P-521', 'SHA-512', false, 'accepted'],
    ['RSA-2048', 'SHA-256', false, 'accepted'],
    ['RSA-2048', 'SHA-384', false, 'accepted'],
    ['RSA-2048', 'SHA-512', false, 'accepted'],
    ['RSA-2048', 'SHA-256', true, 'accepted'],
    ['RSA-2048', 'SHA-384', true, 'accepted'],
    ['RSA-2048', 'SHA-512', true, 'accepted'],
    ['P-256', 'SHA-1', false, 'certificate-algorithm'],
    ['RSA-2048', 'SHA-1', false, 'certificate-algorithm'],
    ['RSA-2048', 'SHA-1', true, 'certificate-algorithm'],
  ])('%s with %s, PSS %s: %s', async (keyAlgorithm, hash, pss, code) => {
    const root = await createTestCa({ trustDomain, ...year, ...(keyAlgorithm && { keyAlgorithm }) });
    const { chain } = await root.issue({ spiffeId, ...year, ...(hash && { hash }), pss });
    expect(await reasonOf(() => find(chain, [root.root]))).toBe(code);
  });

  test('refuses with certificate-signature a scheme of another kind than the key of the issuer', async () => {
    const keys = await generateKeys();
    const rsaWithSha256 = w.sequence(w.oid('1.2.840.113549.1.1.11'), w.nullValue);
    const leaf = await raw.rawCertificate(
      { ...(await raw.leafFields(keys)), algorithm: rsaWithSha256 },
      keys,
    );
    const root = await raw.rawCertificate(await raw.rootFields(keys), keys);
    expect(await reasonOf(() => find([leaf], [root]))).toBe('certificate-signature');
  });

  test('does not judge how a root signed itself: it is trusted for being in the bundle', async () => {
    const root = await createTestCa({ trustDomain, ...year, hash: 'SHA-1' });
    const { chain } = await root.issue({ spiffeId, ...year });
    expect(await reasonOf(() => find(chain, [root.root]))).toBe('accepted');
  });
});

describe('the work of a search', () => {
  test('ends after 16 signature checks in a lattice of 5 by 8 intermediates', async () => {
    const subjectOf = (level: number): string => `CN=Level ${level}`;
    let above = await createTestCa({ trustDomain, ...year, subject: subjectOf(6) });
    const pool: Uint8Array[] = [];
    for (let level = 5; level >= 1; level -= 1) {
      const keys = await generateKeys();
      const twins = Array.from({ length: 8 }, () =>
        above.intermediate({ ...year, keys, subject: subjectOf(level) }),
      );
      const made = await Promise.all(twins);
      pool.push(...made.map(({ certificate }) => certificate));
      [above = above] = made;
    }
    const { chain } = await above.issue({ spiffeId, ...year });
    const [leaf = new Uint8Array()] = chain;

    const counting = countingCrypto();
    const search = findPath({
      ...parseX509Svid([leaf, ...pool]),
      roots: parseRoots([ca.root]),
      now,
      crypto: counting.crypto,
    });
    expect(await reasonOf(() => search)).toBe('path-too-much-work');
    expect(counting.calls('verify')).toBe(16);
  });

  test('stops at two CAs that sign each other', async () => {
    const [keysA, keysB] = [await generateKeys(), await generateKeys()];
    const a = await createTestCa({ trustDomain, ...year, keys: keysA, subject: 'CN=A' });
    const b = await createTestCa({ trustDomain, ...year, keys: keysB, subject: 'CN=B' });
    const aByB = await b.intermediate({ ...year, keys: keysA, subject: 'CN=A' });
    const bByA = await a.intermediate({ ...year, keys: keysB, subject: 'CN=B' });
    const { chain } = await a.issue({ spiffeId, ...year });
    const chainInCircle = [...chain, aByB.certificate, bByA.certificate];
    expect(await reasonOf(() => find(chainInCircle, [ca.root]))).toBe('path-not-found');
  });

  test('does not pay twice for copies of a certificate', async () => {
    const stranger = await createTestCa({ trustDomain, ...year, subject: 'CN=Stranger' });
    const intermediate = await stranger.intermediate(year);
    const { chain } = await intermediate.issue({ spiffeId, ...year });
    const copies = Array<Uint8Array>(100).fill(intermediate.certificate);
    const counting = countingCrypto();
    const svid = parseX509Svid([...chain, ...copies]);
    const search = findPath({ ...svid, roots: parseRoots([ca.root]), now, crypto: counting.crypto });
    expect(await reasonOf(() => search)).toBe('path-not-found');
    expect(counting.calls('verify')).toBe(1);
  });

  test('does not pay twice for a step that two paths share', async () => {
    const top = await (await createTestCa({ trustDomain, ...year, subject: 'CN=Gone' })).intermediate(year);
    const shared = await top.intermediate(year);
    const twin = { ...year, subject: 'CN=Twin', keys: await generateKeys() };
    const [first, second] = [await shared.intermediate(twin), await shared.intermediate(twin)];
    const [leaf = new Uint8Array()] = (await first.issue({ spiffeId, ...year })).chain;
    const pool = [first, second, shared, top].map(({ certificate }) => certificate);
    const counting = countingCrypto();
    const svid = parseX509Svid([leaf, ...pool]);
    const search = findPath({ ...svid, roots: parseRoots([ca.root]), now, crypto: counting.crypto });
    expect(await reasonOf(() => search)).toBe('path-not-found');
    // The leaf by either twin, either twin by the shared CA, and that one by the top, once.
    expect(counting.calls('verify')).toBe(5);
  });

  test('finds one of 40 roots of one name by its key identifier', async () => {
    const others = await Promise.all(
      Array.from({ length: 39 }, () => createTestCa({ trustDomain, ...year })),
    );
    const { chain } = await ca.issue({ spiffeId, ...year });
    const counting = countingCrypto();
    const roots = parseRoots([...others, ca].map(({ root }) => root));
    await findPath({ ...parseX509Svid(chain), roots, now, crypto: counting.crypto });
    expect(counting.calls('verify')).toBe(1);
  });

  test('spends no signature check on an issuer that may not issue', async () => {
    const old = await createTestCa({ trustDomain, ...expired });
    const { chain } = await old.issue({ spiffeId, ...year });
    const counting = countingCrypto();
    const search = findPath({
      ...parseX509Svid(chain),
      roots: parseRoots([old.root]),
      now,
      crypto: counting.crypto,
    });
    expect(await reasonOf(() => search)).toBe('certificate-expired');
    expect(counting.calls('verify')).toBe(0);
  });
});

describe('verifyCertificatePath', () => {
  test('verifies a path to a leaf that is no SVID, from PEM', async () => {
    const { chain } = await ca.issue({
      names: [{ type: 'dns', value: 'example.org' }],
      ...year,
      keyUsage: undefined,
    });
    const path = await verifyCertificatePath({ chain: toPem(chain), roots: toPem([ca.root]), now });
    expect(path.certificates).toHaveLength(2);
  });

  test.each<[string, TestCertificateOptions]>([
    ['svid-is-ca', { spiffeId, ...year, isCa: true }],
    ['svid-key-usage', { spiffeId, ...year, keyUsage: KeyUsageFlags.keyCertSign }],
  ])('refuses with %s a leaf that could issue', async (code, options) => {
    const { chain } = await ca.issue(options);
    expect(await reasonOf(() => verifyCertificatePath({ chain, roots: [ca.root], now }))).toBe(code);
  });

  test('refuses a leaf that is itself in the bundle', async () => {
    expect(await reasonOf(() => verifyCertificatePath({ chain: [ca.root], roots: [ca.root], now }))).toBe(
      'svid-is-ca',
    );
    const { chain } = await ca.issue({ spiffeId, ...year });
    const search = verifyCertificatePath({ chain, roots: chain, now });
    expect(await reasonOf(() => search)).toBe('path-not-found');
  });

  test('refuses an empty bundle', async () => {
    const { chain } = await ca.issue({ spiffeId, ...year });
    expect(await reasonOf(() => verifyCertificatePath({ chain, roots: [], now }))).toBe('bundle-missing');
  });
});

/** The subject key identifier of another authority, to lie with. */
function keyIdOf(other: TestCa): InstanceType<typeof Extension> {
  const found = parseRoots([other.root])[0]?.extensions.subjectKeyId ?? new Uint8Array();
  return new Extension('2.5.29.14', false, Uint8Array.from([4, found.length, ...found]));
}
