import { beforeAll, describe, expect, test } from '@jest/globals';
import type { ReasonCode } from '../../../src/error-codes.ts';
import { FeaturesealError, verificationStep } from '../../../src/error.ts';
import type { Features } from '../../../src/feature/features.ts';
import type { NodeFeature } from '../../../src/feature/node-feature.ts';
import { verifyNodeFeature, type VerifyOptions } from '../../../src/seal/verify.ts';
import { generateKeys, KeyUsageFlags, type TestCa, type TestSvid } from '../../support/certificates.ts';
import { reasonOf } from '../../support/reason.ts';
import {
  bundlesOf,
  changed,
  day,
  ecdsaOf,
  hour,
  issue,
  minute,
  nodeFeature,
  nodeNameKey,
  noon,
  rawSeal,
  rootCa,
  seal,
  sealKey,
  testPolicy,
  vendorId,
  workerId,
  type Forgery,
  type Loose,
} from '../../support/sealing.ts';

let ca: TestCa;
let svid: TestSvid;
let sealed: NodeFeature;
let good: VerifyOptions;
beforeAll(async () => {
  ca = await rootCa();
  svid = await issue(ca);
  sealed = await seal(nodeFeature({ annotations: { a: '1' } }), svid);
  good = { bundles: bundlesOf(ca), policy: testPolicy(), now: new Date(noon) };
});

function verdict(object: unknown, options: Partial<VerifyOptions> = {}): Promise<ReasonCode | 'accepted'> {
  return reasonOf(() => verifyNodeFeature(object, { ...good, ...options }));
}

describe('verifyNodeFeature', () => {
  test('tells what the object says, who signed it, and the entry of the mark', async () => {
    const verified = await verifyNodeFeature(sealed, good);
    expect(verified).toMatchObject({
      trust: 'verified',
      node: 'node-a',
      namespace: 'featureseal',
      spiffeId: workerId(),
      iat: noon,
      stale: false,
      features: { flags: { 'cpu.cpuid': { elements: { AVX2: {} } } }, attributes: {}, instances: {} },
      labels: { 'feature.node.kubernetes.io/cpu-cpuid.AVX2': 'true' },
    });
    expect(verified.accepted).toEqual({ iat: noon, digest: verified.digest, signer: workerId() });
    expect(verified.digest).toMatch(/^[\w-]{43}$/);
  });

  test('gives labels without namespace the default one, and a full key wins over a bare one', async () => {
    const labels = { x: 'bare', y: 'bare', 'feature.node.kubernetes.io/y': 'full' };
    const object = await seal(nodeFeature({ labels }), svid);
    expect((await verifyNodeFeature(object, good)).labels).toEqual({
      'feature.node.kubernetes.io/x': 'bare',
      'feature.node.kubernetes.io/y': 'full',
    });
  });

  test('takes what an API server returns: fields added, members in another order, uncovered metadata', async () => {
    const { spec, metadata, kind, apiVersion } = sealed;
    const { labels, ...rest } = metadata;
    const stored = {
      spec,
      metadata: {
        ...rest,
        uid: 'u',
        resourceVersion: '5',
        generation: 1,
        creationTimestamp: '2026-06-01T12:00:00Z',
        managedFields: [{ manager: 'kubectl', time: null }],
        ownerReferences: [{ uid: 'x', controller: true }],
        labels: { ...labels, 'added.example/by': 'others' },
      },
      kind,
      apiVersion,
      status: { verified: true },
    };
    expect(await verdict(stored)).toBe('accepted');
    expect(await verdict(JSON.stringify(stored, undefined, 1))).toBe('accepted');
  });

  test('hostile names are data like others', async () => {
    const labels = JSON.parse('{"__proto__":"a","constructor":"b","toJSON":"c","9":"d","10":"e"}') as Record<
      string,
      string
    >;
    const verified = await verifyNodeFeature(await seal(nodeFeature({ labels }), svid), good);
    expect(Object.keys(verified.labels).sort()).toEqual(
      ['10', '9', '__proto__', 'constructor', 'toJSON'].map((key) => `feature.node.kubernetes.io/${key}`),
    );
  });
});

/** One change to a good sealed object, and the code of the step that must see it: no other rule is broken. */
const edits: [ReasonCode, string, (copy: Loose) => void][] = [
  [
    'namespace-not-in-policy',
    'a namespace without entry',
    ({ metadata }) => (metadata.namespace = 'default'),
  ],
  ['object-malformed', 'a number in the spec', ({ spec }) => (spec.labels['n'] = 1)],
  ['object-malformed', 'an unknown field in the spec', ({ spec }) => (spec['x'] = {})],
  ['object-malformed', 'another kind', (copy) => (copy.kind = 'Node')],
  [
    'object-malformed',
    'a covered annotation that is a number',
    ({ metadata }) => (metadata.annotations['a'] = 1),
  ],
  ['seal-missing', 'no seal', ({ metadata }) => Reflect.deleteProperty(metadata.annotations, sealKey)],
  ['seal-missing', 'an empty seal', ({ metadata }) => (metadata.annotations[sealKey] = '')],
  [
    'seal-malformed',
    'a seal that is no text',
    ({ metadata }) => (metadata.annotations[sealKey] = { a: 'b' }),
  ],
  ['covered-keys', 'a covered annotation that is gone', ({ metadata }) => delete metadata.annotations['a']],
  [
    'covered-keys',
    'the node name gone',
    ({ metadata }) => Reflect.deleteProperty(metadata.labels, nodeNameKey),
  ],
  [
    'node-name-invalid',
    'a node name in capitals',
    ({ metadata }) => (metadata.labels[nodeNameKey] = 'Node-A'),
  ],
  [
    'node-name-invalid',
    'a node name of two segments',
    ({ metadata }) => (metadata.labels[nodeNameKey] = 'a/node-a'),
  ],
  ['node-name-invalid', 'a node name ..', ({ metadata }) => (metadata.labels[nodeNameKey] = '..')],
  [
    'node-name-invalid',
    'a placeholder as node name',
    ({ metadata }) => (metadata.labels[nodeNameKey] = '{node}'),
  ],
  [
    'node-name-invalid',
    'a node name of 64 characters',
    ({ metadata }) => (metadata.labels[nodeNameKey] = 'n'.repeat(64)),
  ],
  [
    'node-name-invalid',
    'a line feed after the node name',
    ({ metadata }) => (metadata.labels[nodeNameKey] = 'node-a\n'),
  ],
  [
    'signature-invalid',
    'an edited label',
    ({ spec }) => (spec.labels['feature.node.kubernetes.io/gpu'] = 'true'),
  ],
  ['signature-invalid', 'a label removed', ({ spec }) => (spec.labels = {})],
  ['signature-invalid', 'an edited feature', ({ spec }) => (spec.features = {})],
  ['signature-invalid', 'another name', ({ metadata }) => (metadata.name = 'node-b')],
  [
    'signature-invalid',
    'a copy in another namespace of the policy',
    ({ metadata }) => (metadata.namespace = 'vendor'),
  ],
  ['signature-invalid', 'another node', ({ metadata }) => (metadata.labels[nodeNameKey] = 'node-b')],
  ['signature-invalid', 'an edited covered annotation', ({ metadata }) => (metadata.annotations['a'] = '2')],
  ['signature-invalid', 'text in another normal form', ({ metadata }) => (metadata.annotations['a'] = '１')],
];

describe('an object that was changed after sealing', () => {
  test.each(edits)('is refused with %s: %s', async (code, _, edit) => {
    expect(await verdict(changed(sealed, edit))).toBe(code);
  });

  test('is refused as too large whatever its seal says', async () => {
    const labels = { 'vendor.example/x': 'x'.repeat(1536 * 1024) };
    expect(await verdict(changed(sealed, ({ spec }) => (spec.labels = labels)))).toBe('object-too-large');
    expect(await verdict(' '.repeat(4 * 1024 * 1024) + JSON.stringify(sealed))).toBe('object-too-large');
  });

  test('a seal of another object, of another time, or a signature of another header is refused', async () => {
    const other = await seal(nodeFeature({ labels: {} }), svid);
    const later = await seal(nodeFeature({ annotations: { a: '1' } }), svid, { at: noon + 1 });
    const annotation = (object: NodeFeature): string => object.metadata.annotations?.[sealKey] ?? '';
    const withSeal = (text: string) =>
      changed(sealed, ({ metadata }) => (metadata.annotations[sealKey] = text));
    expect(
      await verdict(changed(other, ({ metadata }) => (metadata.annotations[sealKey] = annotation(later)))),
    ).toBe('covered-keys');
    const [head] = annotation(later).split('..');
    const [, tail] = annotation(sealed).split('..');
    expect(await verdict(withSeal(annotation(later)))).toBe('accepted');
    expect(await verdict(withSeal(`${head}..${tail}`))).toBe('signature-invalid');
  });
});

describe('a seal that no signer would make', () => {
  const forged = async (forgery: Forgery, object = nodeFeature(), by = svid) =>
    verdict(await rawSeal(object, by, forgery));

  test('the forger of these tests can make a good one', async () => {
    expect(await forged({})).toBe('accepted');
  });

  test.each<[ReasonCode, string, Forgery]>([
    ['seal-malformed', 'the payload not detached', { compact: (head, tail) => `${head}.e30.${tail}` }],
    ['seal-malformed', 'one dot', { compact: (head, tail) => `${head}.${tail}` }],
    ['seal-malformed', 'three dots', { compact: (head, tail) => `${head}..${tail}.` }],
    ['seal-malformed', 'no header', { compact: (_, tail) => `..${tail}` }],
    ['seal-malformed', 'no signature', { compact: (head) => `${head}..` }],
    ['seal-malformed', 'padding', { compact: (head, tail) => `${head}..${tail}=` }],
    ['seal-malformed', 'padding of the header', { compact: (head, tail) => `${head}==..${tail}` }],
    ['seal-malformed', 'the alphabet of standard base64', { compact: (head) => `${head}..+/+/` }],
    ['seal-malformed', 'junk that a decoder skips', { compact: (head, tail) => `${head}..${tail}!` }],
    ['seal-malformed', 'a space before', { compact: (head, tail) => ` ${head}..${tail}` }],
    ['seal-malformed', 'a line feed after', { compact: (head, tail) => `${head}..${tail}\n` }],
    ['seal-malformed', 'stray bits in the last character', { compact: (head) => `${head}..AB` }],
    ['seal-malformed', 'a header that is not UTF-8', { header: () => new Uint8Array([0x7b, 0xff, 0x7d]) }],
    ['seal-malformed', 'a byte order mark in the header', { header: (text) => `\ufeff${text}` }],
    [
      'seal-malformed',
      'JSON serialisation of JWS',
      { compact: (head, tail) => JSON.stringify({ protected: head, signature: tail }) },
    ],
    ['seal-malformed', 'a member too many', { members: { crit: [] } }],
    ['seal-malformed', 'a member twice', { header: (text) => text.replace('{', '{"iat":1,') }],
    [
      'seal-too-large',
      'more than 64 KiB',
      { compact: (head, tail) => `${head}..${tail}`.padEnd(64 * 1024 + 1, 'A') },
    ],
    ['seal-type-unknown', 'a token made with the same key', { members: { typ: 'JWT' } }],
    [
      'seal-algorithm',
      'alg none and no signature',
      { members: { alg: 'none' }, sign: async () => new Uint8Array(1) },
    ],
    ['seal-algorithm', 'HMAC under the public key', { members: { alg: 'HS256' } }],
    ['seal-algorithm', 'ES384 with a P-256 key', { members: { alg: 'ES384' } }],
    ['seal-algorithm', 'PS256 with a P-256 key', { members: { alg: 'PS256' } }],
    ['seal-time', 'iat written as 1e3', { header: (text) => text.replace(String(noon), '1e3') }],
    ['seal-chain', 'no chain', { members: { x5c: [] } }],
    ['cluster-mismatch', 'the seal of a sibling cluster', { members: { cluster: 'other' } }],
    ['cluster-mismatch', 'the cluster in capitals', { members: { cluster: 'DEMO' } }],
    ['cluster-mismatch', 'no cluster', { members: { cluster: '' } }],
    ['certificate-malformed', 'a chain that is no certificate', { members: { x5c: ['AAAA'] } }],
    ['signature-invalid', 'a signature in DER', { sign: async () => Buffer.from('3006020101020101', 'hex') }],
    ['signature-invalid', 'r and s of zero', { sign: async () => new Uint8Array(64) }],
    [
      'signature-invalid',
      'a signature one byte short',
      { sign: async (data) => (await ecdsaOf(svid)(data)).subarray(1) },
    ],
    [
      'signature-invalid',
      'a signature one byte long',
      { sign: async (data) => Buffer.concat([await ecdsaOf(svid)(data), Buffer.alloc(1)]) },
    ],
    ['signature-invalid', 'another digest', { sign: (data) => ecdsaOf(svid, 'SHA-384')(data) }],
    [
      'signature-invalid',
      'another key',
      { sign: async (data) => ecdsaOf({ key: (await generateKeys()).privateKey })(data) },
    ],
    [
      'signature-invalid',
      'the payload signed without header',
      { sign: (data) => ecdsaOf(svid)(data.subarray(data.indexOf(0x2e) + 1)) },
    ],
  ])('is refused with %s: %s', async (code, _, forgery) => {
    expect(await forged(forgery)).toBe(code);
  });

  test.each<[string, Forgery]>([
    ['holds text that is not base64url', { compact: (head, tail) => `${head}=..${tail}` }],
    ['holds text that is not base64url', { compact: (head, tail) => `${head}..${tail}=` }],
    ['the header is not UTF-8', { header: () => Uint8Array.of(0x7b, 0xff, 0x7d) }],
    ['the seal has no signature', { compact: (head) => `${head}..` }],
    ['the seal has no signature', { compact: (head) => `${head}.` }],
    ['is not header..signature', { compact: (head, tail) => `${head}.${tail}` }],
  ])('is told what is wrong: %s', async (fault, forgery) => {
    await expect(verifyNodeFeature(await rawSeal(nodeFeature(), svid, forgery), good)).rejects.toThrow(fault);
  });

  test('that covers more than the object has is refused', async () => {
    const headerKeys = { annotations: ['gone'] };
    expect(await forged({ members: headerKeys })).toBe('covered-keys');
  });

  test('is read up to 64 KiB and not one character more', async () => {
    const tail = (length: number) => (head: string, signature: string) =>
      `${head}..${signature}`.padEnd(length, 'A');
    // Multiples of four keep it canonical base64; the signature is then much too long.
    const object = await rawSeal(nodeFeature(), svid);
    const text = String(object.metadata.annotations?.[sealKey]);
    const fill = 64 * 1024 - ((64 * 1024 - text.length) % 4);
    expect(await forged({ compact: tail(fill) })).toBe('signature-invalid');
    expect(await forged({ compact: tail(64 * 1024 + 1) })).toBe('seal-too-large');
  });
});

describe('the keys of signers', () => {
  test.each(['P-256', 'P-384', 'RSA-2048', 'RSA-4096'] as const)('%s', async (keyAlgorithm) => {
    const signer = await issue(ca, { keyAlgorithm });
    const key = new Uint8Array(await globalThis.crypto.subtle.exportKey('pkcs8', signer.key));
    const object = await seal(nodeFeature(), { ...signer, key } as unknown as TestSvid);
    expect(await verdict(object)).toBe('accepted');
    expect(await verdict(changed(object, ({ spec }) => (spec.labels = {})))).toBe('signature-invalid');
  });

  const rsaSeal = async (
    alg: string,
    parameters: { name: string; saltLength?: number },
    hash = 'SHA-256',
  ) => {
    const signer = await issue(ca, { keyAlgorithm: 'RSA-2048' });
    const { subtle } = globalThis.crypto;
    const pkcs8 = await subtle.exportKey('pkcs8', signer.key);
    const key = await subtle.importKey('pkcs8', pkcs8, { name: parameters.name, hash }, false, ['sign']);
    const sign = async (data: Uint8Array) => new Uint8Array(await subtle.sign(parameters, key, data));
    return rawSeal(nodeFeature(), signer, { members: { alg }, sign });
  };

  test.each([
    ['RS256', 'accepted', 'RS256', { name: 'RSASSA-PKCS1-v1_5' }],
    ['PS256 with a salt of 32', 'accepted', 'PS256', { name: 'RSA-PSS', saltLength: 32 }],
    ['PS256 with a salt of 20', 'signature-invalid', 'PS256', { name: 'RSA-PSS', saltLength: 20 }],
    ['PS256 without salt', 'signature-invalid', 'PS256', { name: 'RSA-PSS', saltLength: 0 }],
    ['RS256 called PS256', 'signature-invalid', 'PS256', { name: 'RSASSA-PKCS1-v1_5' }],
    ['PS256 called RS256', 'signature-invalid', 'RS256', { name: 'RSA-PSS', saltLength: 32 }],
    ['ES256 under an RSA key', 'seal-algorithm', 'ES256', { name: 'RSASSA-PKCS1-v1_5' }],
  ])('RSA: %s is %s', async (_, outcome, alg, parameters) => {
    expect(await verdict(await rsaSeal(alg, parameters))).toBe(outcome);
  });

  test('RSA with SHA-512 called RS256 is refused', async () => {
    expect(await verdict(await rsaSeal('RS256', { name: 'RSASSA-PKCS1-v1_5' }, 'SHA-512'))).toBe(
      'signature-invalid',
    );
  });
});

describe('the chain of a seal', () => {
  test.each<[ReasonCode, string, Parameters<typeof issue>[1]]>([
    ['svid-uri-san', 'a leaf without SPIFFE ID', { names: [{ type: 'dns', value: 'node-a' }] }],
    [
      'spiffe-id-invalid',
      'an ID with dot segments',
      { spiffeId: `spiffe://example.org/featureseal/worker/demo/b/../node-a` },
    ],
    ['spiffe-id-no-path', 'the ID of the trust domain', { spiffeId: 'spiffe://example.org' }],
    ['spiffe-id-reserved', 'the ID of an agent', { spiffeId: 'spiffe://example.org/spire/agent/x' }],
    ['svid-is-ca', 'a leaf that is a CA', { isCa: true }],
    [
      'svid-key-usage',
      'a leaf that may sign certificates',
      { keyUsage: KeyUsageFlags.digitalSignature | KeyUsageFlags.keyCertSign },
    ],
    ['certificate-expired', 'a leaf that has expired', { notAfter: new Date(noon - 1000) }],
    ['certificate-not-yet-valid', 'a leaf that is not valid yet', { notBefore: new Date(noon + 1000) }],
  ])('is refused with %s: %s', async (code, _, options) => {
    expect(await verdict(await rawSeal(nodeFeature(), await issue(ca, options)))).toBe(code);
  });

  test('leads to the bundle of its own trust domain, over intermediates in the seal', async () => {
    const intermediate = await ca.intermediate({
      notBefore: new Date(noon - day),
      notAfter: new Date(noon + day),
    });
    const object = await seal(nodeFeature(), await issue(intermediate));
    expect(await verdict(object)).toBe('accepted');
    const withoutIntermediate = await rawSeal(nodeFeature(), {
      ...(await issue(intermediate)),
      chain: [(await issue(intermediate)).chain[0] ?? new Uint8Array()],
    });
    expect(await verdict(withoutIntermediate)).toBe('path-not-found');
  });

  test('a rogue authority of the same name is refused, its root in the seal or not', async () => {
    const rogue = await rootCa();
    const { chain, ...rest } = await issue(rogue);
    expect(await verdict(await rawSeal(nodeFeature(), { chain, ...rest }))).toBe('certificate-signature');
    const withRoot = await verdict(await rawSeal(nodeFeature(), { chain: [...chain, rogue.root], ...rest }));
    expect(verificationStep(withRoot as ReasonCode)).toBe(4);
  });

  test('no bundle, an empty bundle, and the bundle of another trust domain are refused', async () => {
    expect(await verdict(sealed, { bundles: new Map() })).toBe('bundle-missing');
    expect(await verdict(sealed, { bundles: new Map([['example.org', []]]) })).toBe('bundle-missing');
    expect(await verdict(sealed, { bundles: new Map([['other.example', [ca.root]]]) })).toBe(
      'bundle-missing',
    );
  });

  test('a federated authority cannot make our IDs', async () => {
    const federated = await rootCa({ trustDomain: 'other.example', subject: 'CN=Other' });
    const object = await rawSeal(nodeFeature(), await issue(federated));
    expect(await verdict(object, { bundles: bundlesOf(ca, federated) })).toBe('path-not-found');
  });
});

describe('iat', () => {
  test.each<[ReasonCode | 'accepted', string, number]>([
    ['accepted', 'a minute before notBefore', noon - hour - minute],
    ['seal-outside-validity', 'more than that before notBefore', noon - hour - minute - 1],
    ['accepted', 'a minute ahead of the clock', noon + minute],
    ['from-the-future', 'more than a minute ahead', noon + minute + 1],
    ['seal-outside-validity', 'after notAfter', noon + hour + 1],
  ])('is %s: %s', async (outcome, _, at) => {
    expect(await verdict(await rawSeal(nodeFeature(), svid, { at }))).toBe(outcome);
  });

  test('may be notAfter itself', async () => {
    const object = await rawSeal(nodeFeature(), svid, { at: noon + hour });
    expect(await verdict(object, { now: new Date(noon + hour) })).toBe('accepted');
  });
});

describe('the policy', () => {
  const signedBy = async (spiffeId: string, object = nodeFeature(), policy?: VerifyOptions['policy']) =>
    verdict(await seal(object, await issue(ca, { spiffeId })), policy === undefined ? {} : { policy });

  test.each<[string, string]>([
    ['the worker of another node', workerId('node-b')],
    ['the worker of a node whose name begins alike', workerId('node-a1')],
    ['the worker of another cluster', workerId('node-a', 'other')],
    ['another workload of the node', vendorId()],
    ['an ID with a segment more', `${workerId()}/x`],
    ['an ID with a segment before', workerId().replace('/featureseal', '/x/featureseal')],
    ['an ID in capitals', workerId().replace('worker', 'Worker')],
    ['the template itself as far as an ID can be', workerId('node', 'cluster')],
  ])('refuses %s', async (_, spiffeId) => {
    expect(await signedBy(spiffeId)).toBe('signer-not-allowed');
  });

  test('refuses a federated signer that it does not name', async () => {
    const federated = await rootCa({ trustDomain: 'other.example' });
    const spiffeId = workerId().replace('example.org', 'other.example');
    const object = await seal(nodeFeature(), await issue(federated, { spiffeId }));
    expect(await verdict(object, { bundles: bundlesOf(ca, federated) })).toBe('signer-not-allowed');
  });

  test('refuses a worker that signs for another node than its own', async () => {
    expect(await signedBy(workerId(), nodeFeature({ node: 'node-b' }))).toBe('signer-not-allowed');
    expect(await signedBy(workerId(), nodeFeature({ node: 'node-b', name: 'node-a' }))).toBe(
      'signer-not-allowed',
    );
  });

  test('refuses an object that is not named after its node', async () => {
    expect(await signedBy(workerId(), nodeFeature({ name: 'zzz' }))).toBe('name-mismatch');
  });

  test('refuses a header that names the cluster of a signer whose ID names another', async () => {
    const object = await seal(nodeFeature(), await issue(ca, { spiffeId: workerId('node-a', 'other') }), {
      cluster: 'other',
    });
    expect(await verdict(object)).toBe('cluster-mismatch');
  });

  test.each<[ReasonCode | 'accepted', string, Parameters<typeof nodeFeature>[0]]>([
    [
      'accepted',
      'what is granted',
      { labels: { 'vendor.example/x': '1' }, features: { flags: { 'vendor.a': { elements: {} } } } },
    ],
    [
      'label-not-granted',
      'a label outside the grant',
      { labels: { 'vendor.example/x': '1', 'other.example/y': '1' }, features: {} },
    ],
    [
      'label-not-granted',
      'a bare label, which gets the default namespace',
      { labels: { x: '1' }, features: {} },
    ],
    [
      'feature-not-granted',
      'a feature outside the grant',
      { labels: {}, features: { flags: { 'vendor.a': { elements: {} }, 'cpu.cpuid': { elements: {} } } } },
    ],
    [
      'feature-not-granted',
      'an attribute outside the grant',
      { labels: {}, features: { attributes: { 'kernel.version': { elements: {} } } } },
    ],
    [
      'feature-not-granted',
      'an instance outside the grant',
      { labels: {}, features: { instances: { 'pci.device': { elements: [] } } } },
    ],
    [
      'feature-not-granted',
      'the key of a prototype',
      { labels: {}, features: JSON.parse('{"flags":{"__proto__":{"elements":{}}}}') as Features },
    ],
  ])('judges a vendor: %s for %s', async (outcome, _, options) => {
    expect(await signedBy(vendorId(), nodeFeature({ namespace: 'vendor', ...options }))).toBe(outcome);
  });

  const flag = (name: string) =>
    nodeFeature({ labels: {}, features: { flags: { [name]: { elements: {} } } } });
  const withId = (id: string, more = '') =>
    testPolicy((text) =>
      text
        .replace('"spiffe://example.org/featureseal/worker/{cluster}/{node}"', `"${id}"`)
        .replace('namespace: featureseal', `namespace: featureseal\n    ${more}`),
    );

  test.each([['rule.matched'], ['RULE.x'], ['rule.']])('nobody may publish %s', async (name) => {
    expect(await signedBy(workerId(), flag(name))).toBe('feature-reserved');
  });

  test('system.name is for a signer whose ID names its node', async () => {
    expect(await signedBy(workerId(), flag('system.name'))).toBe('accepted');
    const free = withId('spiffe://example.org/central/{cluster}', 'anyNode: true');
    expect(await signedBy('spiffe://example.org/central/demo', flag('system.name'), free)).toBe(
      'feature-reserved',
    );
    expect(await signedBy('spiffe://example.org/central/demo', flag('System.Name'), free)).toBe(
      'feature-reserved',
    );
    expect(await signedBy('spiffe://example.org/central/demo', flag('system.osrelease'), free)).toBe(
      'accepted',
    );
  });

  test('system.name is granted where one of the IDs that match names the node', async () => {
    const both = testPolicy((text) =>
      text.replace(
        '{node}"]',
        '{node}", "spiffe://example.org/featureseal/worker/{cluster}/node-a"]\n    anyNode: true',
      ),
    );
    expect(await signedBy(workerId(), flag('system.name'), both)).toBe('accepted');
  });

  test('a key of another kind is told which algorithms it asks for', async () => {
    const rsa = await issue(ca, { keyAlgorithm: 'RSA-2048' });
    const object = await rawSeal(nodeFeature(), rsa, { sign: async () => new Uint8Array(256) });
    await expect(verifyNodeFeature(object, good)).rejects.toThrow('PS256 or RS256, the header says ES256');
  });

  test('an entry for any node or cluster frees the ID alone: names and header are checked as ever', async () => {
    const free = withId('spiffe://example.org/central', 'anyNode: true\n    anyCluster: true');
    const id = 'spiffe://example.org/central';
    expect(await signedBy(id, nodeFeature({ node: 'node-b' }), free)).toBe('accepted');
    expect(await signedBy(id, nodeFeature({ name: 'other' }), free)).toBe('name-mismatch');
    const elsewhere = await seal(nodeFeature(), await issue(ca, { spiffeId: id }), { cluster: 'other' });
    expect(await verdict(elsewhere, { policy: free })).toBe('cluster-mismatch');
  });

  test('judges as enforce does in every mode', async () => {
    const vendor = nodeFeature({ namespace: 'vendor' });
    for (const mode of ['audit', 'off']) {
      const policy = testPolicy((text) => `mode: ${mode}\n${text}`);
      expect(await signedBy(vendorId(), vendor, policy)).toBe('feature-not-granted');
    }
  });
});

describe('the order of steps', () => {
  /** Each breaks one more step than the one before; the earliest must be the one that is told. */
  test('the first failed step is told, whatever else is wrong', async () => {
    const stranger = await issue(await rootCa({ subject: 'CN=Stranger' }), { spiffeId: workerId('node-b') });
    const label = nodeFeature({ labels: { ok: 'yes' } });
    const step7 = await seal(label, svid, { at: noon - minute });
    const accepted = { iat: noon, digest: 'x', signer: workerId() };
    expect(await verdict(step7, { accepted })).toBe('replayed');
    const step6 = await rawSeal(label, await issue(ca, { spiffeId: workerId('node-b') }), {
      at: noon - minute,
    });
    expect(await verdict(step6, { accepted })).toBe('signer-not-allowed');
    const step5 = changed(step6, ({ spec }) => (spec.labels = {}));
    expect(await verdict(step5, { accepted })).toBe('signature-invalid');
    const step4 = changed(
      await rawSeal(label, stranger, { at: noon - minute }),
      ({ spec }) => (spec.labels = {}),
    );
    expect(await verdict(step4, { accepted })).toBe('path-not-found');
    const step3 = await rawSeal(label, { ...stranger, chain: [ca.root] });
    expect(await verdict(step3, { accepted })).toBe('spiffe-id-no-path');
    const step2 = await rawSeal(label, { ...stranger, chain: [ca.root] }, { members: { cluster: 'other' } });
    expect(await verdict(step2, { accepted })).toBe('cluster-mismatch');
    const step1 = changed(step2, ({ spec }) => (spec.labels['x'] = 1));
    expect(await verdict(step1, { accepted })).toBe('object-malformed');
    const first = changed(step1, ({ metadata }) => (metadata.namespace = 'nowhere'));
    expect(await verdict(first, { accepted })).toBe('namespace-not-in-policy');
  });

  test('a time that is none judges nothing', async () => {
    await expect(verifyNodeFeature(sealed, { ...good, now: new Date(NaN) })).rejects.toMatchObject({
      code: 'usage',
    });
    await expect(verifyNodeFeature(sealed, { ...good, accepted: { iat: NaN, signer: '' } })).rejects.toThrow(
      FeaturesealError,
    );
    expect(await verdict(sealed, { nodeCreated: new Date(NaN) })).toBe('before-node');
  });
});
