import { describe, expect, test } from '@jest/globals';
import { Extension } from '../../../support/certificates.ts';
import { reasonOf } from '../../../support/reason.ts';
import { changed, issue, nodeFeature, nodeNameKey, noon, sealKey } from '../../../support/sealing.ts';
import { headerOf, useSigner } from './signer.ts';

const { ca, sign, svid, verify } = useSigner();

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
      x5c: svid().chain.map((der) => Buffer.from(der).toString('base64')),
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
    const large = await issue(ca(), { extraExtensions: [padding] });
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
});
