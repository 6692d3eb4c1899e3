import { Crypto as PeculiarCrypto } from '@peculiar/webcrypto';
import { beforeAll, describe, expect, test } from '@jest/globals';
import type { Crypto } from '../../../src/crypto.ts';
import type { ReasonCode } from '../../../src/error-codes.ts';
import { signNodeFeature, type SignOptions } from '../../../src/seal/sign.ts';
import { verifyNodeFeature } from '../../../src/seal/verify.ts';
import {
  Extension,
  KeyUsageFlags,
  toPem,
  toPkcs8,
  type TestCa,
  type TestKeyAlgorithm,
  type TestSvid,
} from '../../support/certificates.ts';
import { reasonOf } from '../../support/reason.ts';
import {
  bundlesOf,
  changed,
  issue,
  nodeFeature,
  nodeNameKey,
  noon,
  rootCa,
  sealKey,
  testPolicy,
  type Loose,
} from '../../support/sealing.ts';

let ca: TestCa;
let svid: TestSvid;
beforeAll(async () => {
  ca = await rootCa();
  svid = await issue(ca);
});

function sign(object: unknown = nodeFeature(), options: Partial<SignOptions> = {}) {
  return signNodeFeature(object, { svid, cluster: 'demo', now: new Date(noon), ...options });
}

function headerOf(object: {
  metadata: { annotations?: Readonly<Record<string, string>> };
}): Record<string, unknown> {
  const [head = ''] = (object.metadata.annotations?.[sealKey] ?? '').split('.');
  return JSON.parse(Buffer.from(head, 'base64url').toString('utf8')) as Record<string, unknown>;
}

function verify(object: unknown, crypto: Crypto = globalThis.crypto) {
  return verifyNodeFeature(object, {
    bundles: bundlesOf(ca),
    policy: testPolicy(),
    now: new Date(noon),
    crypto,
  });
}

describe('signNodeFeature', () => {
  test('seals a copy and leaves the original alone', async () => {
    const object = nodeFeature({ annotations: { a: '1' } });
    const before = structuredClone(object);
    const sealed = await sign(object);
    expect(object).toEqual(before);
    const { [sealKey]: seal, ...annotations } = sealed.metadata.annotations ?? {};
    expect({ ...sealed, metadata: { ...sealed.metadata, annotations } }).toEqual(before);
    expect(seal).toMatch(/^[\w-]+\.\.[\w-]{86}$/);
  });

  test('writes the header of the design, all keys of the object covered in order', async () => {
    const object = nodeFeature({ annotations: { b: '1', a: '2', [sealKey]: 'an old one' } });
    expect(headerOf(await sign(object))).toEqual({
      typ: 'nodefeature-seal+jws',
      alg: 'ES256',
      x5c: svid.chain.map((der) => Buffer.from(der).toString('base64')),
      iat: noon,
      cluster: 'demo',
      labels: [nodeNameKey],
      annotations: ['a', 'b'],
    });
  });

  test('covers what it is told to cover', async () => {
    const object = nodeFeature({ annotations: { a: '1', b: '2' } });
    const sealed = await sign(object, { covered: { labels: [nodeNameKey], annotations: ['b'] } });
    expect(headerOf(sealed)).toMatchObject({ annotations: ['b'] });
    const free = changed(sealed, ({ metadata }) => (metadata.annotations['a'] = 'other'));
    expect(await verify(free)).toMatchObject({ trust: 'verified' });
  });

  test('sorts what it covers by UTF-16 code units, whatever the order of the object', async () => {
    const object = changed(nodeFeature({ annotations: { b: '', '\ufb33': '', '\u{1f600}': '' } }), (copy) => {
      copy.metadata.labels = { z: '', ...copy.metadata.labels, a: '' };
    });
    expect(headerOf(await sign(object))).toMatchObject({
      labels: ['a', nodeNameKey, 'z'],
      annotations: ['b', '\u{1f600}', '\ufb33'],
    });
  });

  test.each(['n', 'a.b', '0', 'a-b.c-d', 'n'.repeat(63)])('a node may be called %s', async (node) => {
    expect(await reasonOf(() => sign(nodeFeature({ node })))).toBe('accepted');
  });

  test.each(['-n', 'n-', '.n', 'n.', 'a..b', 'a.-b', 'a-.b', 'a_b', 'n'.repeat(64)])(
    'no node is called %s',
    async (node) => {
      expect(await reasonOf(() => sign(nodeFeature({ node })))).toBe('node-name-invalid');
    },
  );

  test('a seal of 64 KiB is made and verified, a longer one is neither', async () => {
    const padding = new Extension('1.3.6.1.4.1.55555.1', false, new Uint8Array(24 * 1024));
    const large = await issue(ca, { extraExtensions: [padding] });
    const withKeys = (octets: number) => {
      const annotations = { [`k${'x'.repeat(octets)}`]: '' };
      return sign(nodeFeature({ annotations }), { svid: large });
    };
    const lengthOf = (header: object) => Buffer.byteLength(JSON.stringify(header));
    // BASE64URL of the header in four characters for three octets, two dots, 86 characters of signature.
    const room = ((64 * 1024 - 88) * 3) / 4 - lengthOf(headerOf(await withKeys(0)));
    const full = await withKeys(room);
    expect(full.metadata.annotations?.[sealKey]).toHaveLength(64 * 1024);
    expect(await reasonOf(() => verify(full))).toBe('accepted');
    expect(await reasonOf(() => withKeys(room + 1))).toBe('seal-too-large');
    const longer = changed(
      full,
      ({ metadata }) => (metadata.annotations[sealKey] = `${String(metadata.annotations[sealKey])}A`),
    );
    expect(await reasonOf(() => verify(longer))).toBe('seal-too-large');
  });

  test('takes JSON text', async () => {
    expect(await verify(await sign(JSON.stringify(nodeFeature())))).toMatchObject({ node: 'node-a' });
  });

  test('replaces an old seal', async () => {
    const again = await sign(await sign(), { now: new Date(noon + 1) });
    expect(headerOf(again)).toMatchObject({ iat: noon + 1, annotations: [] });
    expect(await verify(again)).toMatchObject({ iat: noon + 1 });
  });

  test('keeps __proto__ and its like', async () => {
    const labels = JSON.parse('{"__proto__":"x","toJSON":"y"}') as Record<string, string>;
    const annotations = JSON.parse('{"__proto__":"z"}') as Record<string, string>;
    const sealed = await sign(nodeFeature({ labels, annotations }));
    expect(JSON.stringify(sealed)).toContain('"__proto__":"z"');
    expect(headerOf(sealed)).toMatchObject({ annotations: ['__proto__'] });
    expect(await verify(sealed)).toMatchObject({ trust: 'verified' });
    expect(await reasonOf(() => verify(changed(sealed, ({ spec }) => (spec.labels = {}))))).toBe(
      'signature-invalid',
    );
  });

  test.each<[ReasonCode, string, (copy: Loose) => void]>([
    ['object-malformed', 'another kind', (copy) => (copy.kind = 'X')],
    ['object-malformed', 'a number', ({ spec }) => (spec.labels['n'] = 1)],
    ['object-malformed', 'null', ({ spec }) => (spec.labels['n'] = null)],
    ['object-malformed', 'an unknown field', ({ spec }) => (spec['x'] = {})],
    ['object-malformed', 'a lone surrogate', ({ spec }) => (spec.labels['n'] = '\ud800')],
    [
      'object-malformed',
      'a covered value that is no text',
      ({ metadata }) => (metadata.annotations['a'] = 5),
    ],
    ['object-too-large', 'more than 1.5 MiB', ({ spec }) => (spec.labels['n'] = 'x'.repeat(1536 * 1024))],
    ['covered-keys', 'no node name', ({ metadata }) => (metadata.labels = {})],
    ['covered-keys', 'a key with a lone surrogate', ({ metadata }) => (metadata.annotations['\ud800'] = 'x')],
    [
      'covered-keys',
      '65 keys',
      ({ metadata }) =>
        (metadata.annotations = Object.fromEntries(Array.from({ length: 64 }, (_, i) => [`k${i}`, '']))),
    ],
    [
      'node-name-invalid',
      'a node name that is none',
      ({ metadata }) => (metadata.labels[nodeNameKey] = 'Node A'),
    ],
  ])('refuses with %s an object with %s', async (code, _, change) => {
    expect(await reasonOf(() => sign(changed(nodeFeature(), change)))).toBe(code);
  });

  test.each<[ReasonCode, string, () => Partial<SignOptions>]>([
    [
      'covered-keys',
      'a covered key that the object lacks',
      () => ({ covered: { labels: [nodeNameKey], annotations: ['x'] } }),
    ],
    [
      'covered-keys',
      'a covered key twice',
      () => ({ covered: { labels: [nodeNameKey, nodeNameKey], annotations: [] } }),
    ],
    [
      'covered-keys',
      'the seal covered by itself',
      () => ({ covered: { labels: [nodeNameKey], annotations: [sealKey] } }),
    ],
    [
      'covered-keys',
      'a seal that does not cover the node',
      () => ({ covered: { labels: [], annotations: [] } }),
    ],
    ['seal-time', 'a time before 1970', () => ({ now: new Date(-1) })],
    ['seal-time', 'the epoch itself', () => ({ now: new Date(0) })],
    ['usage', 'a time that is none', () => ({ now: new Date(NaN) })],
    ['config-invalid', 'no cluster', () => ({ cluster: '' })],
    ['config-invalid', 'a cluster that no policy can name', () => ({ cluster: 'a/b' })],
    ['config-invalid', 'a cluster of 64 characters', () => ({ cluster: 'c'.repeat(64) })],
  ])('refuses with %s: %s', async (code, _, options) => {
    const object = nodeFeature({ annotations: { [sealKey]: 'x' } });
    expect(await reasonOf(() => sign(object, options()))).toBe(code);
  });

  test.each<[ReasonCode, string, Parameters<typeof issue>[1]]>([
    ['svid-uri-san', 'without SPIFFE ID', { names: [{ type: 'dns', value: 'x' }] }],
    ['spiffe-id-no-path', 'of the trust domain', { spiffeId: 'spiffe://example.org' }],
    ['spiffe-id-reserved', 'of an agent', { spiffeId: 'spiffe://example.org/spire/agent/x' }],
    [
      'svid-key-usage',
      'that may sign certificates',
      { keyUsage: KeyUsageFlags.digitalSignature | KeyUsageFlags.keyCertSign },
    ],
    ['key-not-allowed', 'on P-521', { keyAlgorithm: 'P-521' }],
  ])('refuses with %s an SVID %s', async (code, _, options) => {
    const bad = await issue(ca, options);
    expect(await reasonOf(() => sign(nodeFeature(), { svid: bad }))).toBe(code);
  });

  test('refuses a chain that no verifier would read', async () => {
    const { chain, key } = svid;
    const of = (certificates: Uint8Array[]) =>
      reasonOf(() => sign(nodeFeature(), { svid: { chain: certificates, key } }));
    expect(await of([...chain, ...Array<Uint8Array>(8).fill(ca.root)])).toBe('seal-chain');
    expect(await of([])).toBe('certificate-malformed');
    expect(await of([...chain, new Uint8Array(5)])).toBe('certificate-malformed');
  });

  test('refuses a key that belongs to another certificate, and says nothing of the key', async () => {
    const other = await issue(ca);
    for (const key of [
      other.key,
      await toPkcs8(other.key),
      'not a key: secret',
      new TextEncoder().encode('secret'),
    ]) {
      const refusal = sign(nodeFeature(), { svid: { chain: svid.chain, key } });
      await expect(refusal).rejects.toMatchObject({
        code: 'key-mismatch',
        message: expect.not.stringContaining('secret'),
      });
    }
  });
});

describe('keys and crypto providers', () => {
  const peculiar = new PeculiarCrypto() as unknown as Crypto;
  const providers: [string, Crypto][] = [
    ['native', globalThis.crypto],
    ['@peculiar/webcrypto', peculiar],
  ];
  const algorithms: [TestKeyAlgorithm, string][] = [
    ['P-256', 'ES256'],
    ['P-384', 'ES384'],
    ['RSA-2048', 'PS256'],
    ['RSA-3072', 'PS256'],
    ['RSA-4096', 'PS256'],
  ];
  const rows = providers.flatMap(([name, crypto]) =>
    algorithms.map(([key, alg]) => [name, key, alg, crypto] as const),
  );

  test.each(rows)(
    '%s seals with %s as %s, and each verifies the other',
    async (_, keyAlgorithm, alg, crypto) => {
      const { chain, key } = await issue(ca, { keyAlgorithm });
      const sealed = await sign(nodeFeature(), { svid: { chain, key: await toPkcs8(key) }, crypto });
      expect(headerOf(sealed)).toMatchObject({ alg });
      for (const [, provider] of providers)
        expect(await verify(sealed, provider)).toMatchObject({ trust: 'verified' });
      const edited = changed(sealed, ({ spec }) => (spec.labels = {}));
      for (const [, provider] of providers)
        expect(await reasonOf(() => verify(edited, provider))).toBe('signature-invalid');
    },
  );

  test('takes chain and key as PEM', async () => {
    const pkcs8 = Buffer.from(await toPkcs8(svid.key)).toString('base64');
    const key = `-----BEGIN PRIVATE KEY-----\n${pkcs8}\n-----END PRIVATE KEY-----\n`;
    const sealed = await sign(nodeFeature(), { svid: { chain: toPem(svid.chain), key } });
    expect(await verify(sealed)).toMatchObject({ trust: 'verified' });
  });

  test('takes a key of the provider in use', async () => {
    const pkcs8 = await toPkcs8(svid.key);
    const key = await peculiar.subtle.importKey(
      'pkcs8',
      pkcs8,
      { name: 'ECDSA', namedCurve: 'P-256' },
      false,
      ['sign'],
    );
    const sealed = await sign(nodeFeature(), { svid: { chain: svid.chain, key }, crypto: peculiar });
    expect(await verify(sealed)).toMatchObject({ trust: 'verified' });
  });

  test('refuses a key of another provider', async () => {
    expect(await reasonOf(() => sign(nodeFeature(), { crypto: peculiar }))).toBe('key-mismatch');
  });
});
