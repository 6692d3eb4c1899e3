import { describe, expect, test } from '@jest/globals';
import { keyTypes } from '../../../../src/identity/key-type.ts';
import { parseX509Context } from '../../../../src/spiffe/workload-api/context.ts';
import { createTestCa } from '../../../support/certificates.ts';
import { encodeSvids, hourMs, svidBytes, svidFields, testAuthority } from '../../../support/identity.ts';
import { prepared } from '../../../support/prepared.ts';
import { reasonOf } from '../../../support/reason.ts';

const { crypto } = globalThis;
const spiffeId = 'spiffe://example.org/workload';
const keys = { crypto, extractableKeys: false };
const authority = prepared(() => testAuthority());
const other = prepared(() => testAuthority({ trustDomain: 'other.test' }));

interface SvidFields {
  spiffe_id: string;
  x509_svid: Buffer;
  x509_svid_key: Buffer;
  bundle: Buffer;
  hint: string;
}

/** A good SVID message but for what is spoilt. */
async function fields(spoilt: Partial<SvidFields> = {}): Promise<SvidFields> {
  const svid = await authority().issue({ spiffeId, ttlMs: hourMs });
  const { svids } = (await svidFields([svid])) as { svids: [SvidFields] };
  return { ...svids[0], ...spoilt };
}

const refusal = (response: object): Promise<string> =>
  reasonOf(() => parseX509Context(encodeSvids(response), keys));

describe('a message with SVIDs', () => {
  test.each(keyTypes)(
    'gives chain, dates and a %s key that signs and cannot be exported',
    async (keyType) => {
      const svid = await authority().issue({ spiffeId, ttlMs: hourMs, keyType, hint: 'internal' });
      const { svids, bundles } = await parseX509Context(await svidBytes([svid]), keys);
      expect(svids).toEqual([{ ...svid, key: expect.anything() }]);
      expect(svids[0]?.key).toMatchObject({ type: 'private', extractable: false, usages: ['sign'] });
      expect(bundles).toEqual(new Map([['example.org', authority().bundle()]]));
    },
  );

  test('gives exportable keys only when asked', async () => {
    const message = encodeSvids({ svids: [await fields()] });
    const { svids } = await parseX509Context(message, { crypto, extractableKeys: true });
    expect(svids[0]?.key.extractable).toBe(true);
  });

  test('keeps the order, the default identity first', async () => {
    const ids = ['b', 'a', 'c'].map((name) => `spiffe://example.org/${name}`);
    const issued = await Promise.all(ids.map((id) => authority().issue({ spiffeId: id, ttlMs: hourMs })));
    const { svids } = await parseX509Context(await svidBytes(issued), keys);
    expect(svids.map((svid) => svid.spiffeId)).toEqual(ids);
  });

  test('gives the first of several SVIDs with one hint, and all without', async () => {
    const named = (name: string, hint: string) =>
      authority().issue({ spiffeId: `spiffe://example.org/${name}`, ttlMs: hourMs, hint });
    const issued = [await named('a', 'x'), await named('b', 'x'), await named('c', ''), await named('d', '')];
    const { svids } = await parseX509Context(await svidBytes(issued), keys);
    expect(svids.map((svid) => svid.spiffeId.at(-1))).toEqual(['a', 'c', 'd']);
  });

  test.each(['spiffe://other.test', 'other.test'])('gives the federated bundle of %s', async (key) => {
    const federated_bundles = { [key]: Buffer.concat(other().bundle()) };
    const message = encodeSvids({ svids: [await fields()], federated_bundles });
    const { bundles } = await parseX509Context(message, keys);
    expect(bundles.get('other.test')).toEqual(other().bundle());
    expect([...bundles.keys()].sort()).toEqual(['example.org', 'other.test']);
  });

  test('leaves no copy of the key in its bytes', async () => {
    const good = await fields();
    const message = encodeSvids({ svids: [good] });
    expect(message.includes(good.x509_svid_key)).toBe(true);
    await parseX509Context(message, keys);
    expect(message.includes(good.x509_svid_key.subarray(0, 68))).toBe(false);
  });

  test('with no SVIDs, or with 65, is refused', async () => {
    const good = await fields();
    expect(await refusal({ svids: Array.from({ length: 64 }, () => good) })).toBe('accepted');
    expect(await refusal({ svids: Array.from({ length: 65 }, () => good) })).toBe('workload-api-malformed');
    expect(await refusal({ svids: [] })).toBe('workload-api-malformed');
  });

  test.each<[string, string, Partial<SvidFields>]>([
    ['without an ID', 'workload-api-malformed', { spiffe_id: '' }],
    ['without a certificate', 'workload-api-malformed', { x509_svid: Buffer.alloc(0) }],
    ['without a key', 'workload-api-malformed', { x509_svid_key: Buffer.alloc(0) }],
    ['without a bundle', 'workload-api-malformed', { bundle: Buffer.alloc(0) }],
    ['with a hint of 1025 bytes', 'workload-api-malformed', { hint: 'é'.repeat(513) }],
    [
      'with an ID that the leaf does not carry',
      'workload-api-malformed',
      { spiffe_id: 'spiffe://example.org/other' },
    ],
    ['with a certificate that is no DER', 'certificate-malformed', { x509_svid: Buffer.from('no DER') }],
    ['with a bundle that is no DER', 'certificate-malformed', { bundle: Buffer.from('no DER') }],
    ['with a key that is no PKCS#8', 'key-mismatch', { x509_svid_key: Buffer.from('no key') }],
  ])('%s is refused with %s', async (_, code, spoilt) => {
    expect(await refusal({ svids: [await fields(spoilt)] })).toBe(code);
  });

  test('with a key of another certificate is refused', async () => {
    const { x509_svid_key } = await fields();
    expect(await refusal({ svids: [await fields({ x509_svid_key })] })).toBe('key-mismatch');
  });

  test('with a key of another kind is refused', async () => {
    const p384 = await authority().issue({ spiffeId, ttlMs: hourMs, keyType: 'ec-p384' });
    const x509_svid_key = Buffer.from(await crypto.subtle.exportKey('pkcs8', p384.key));
    expect(await refusal({ svids: [await fields({ x509_svid_key })] })).toBe('key-mismatch');
  });

  test('may have a chain of eight certificates and a hint of 1024 bytes', async () => {
    const { x509_svid, ...rest } = await fields({ hint: 'é'.repeat(512) });
    const eight = Buffer.concat([x509_svid, ...Array.from({ length: 7 }, () => authority().bundle()[0]!)]);
    expect(await refusal({ svids: [{ ...rest, x509_svid: eight }] })).toBe('accepted');
  });

  test('leaves no copy of the key in the bytes that are imported', async () => {
    const imported: Uint8Array[] = [];
    const subtle = new Proxy(crypto.subtle, {
      get: (target, name): unknown => {
        const member: unknown = Reflect.get(target, name);
        if (typeof member !== 'function') return member;
        return (...parameters: readonly unknown[]): unknown => {
          if (parameters[0] === 'pkcs8' && parameters[1] instanceof Uint8Array) imported.push(parameters[1]);
          return Reflect.apply(member, target, parameters);
        };
      },
    });
    const seeing = new Proxy(crypto, { get: (_, name) => (name === 'subtle' ? subtle : undefined) });
    await parseX509Context(encodeSvids({ svids: [await fields()] }), { ...keys, crypto: seeing });
    expect(imported.map((bytes) => [bytes.length > 100, bytes.every((octet) => octet === 0)])).toEqual([
      [true, true],
    ]);
  });

  test.each<[string, Partial<SvidFields>]>([
    ['spiffe_id differs from the ID in the leaf', { spiffe_id: 'spiffe://example.org/other' }],
    ['certificate: tag 110, expected 48', { bundle: Buffer.from('n\x00') }],
  ])('says %s', async (fault, spoilt) => {
    const message = encodeSvids({ svids: [await fields(spoilt)] });
    await expect(parseX509Context(message, keys)).rejects.toThrow(fault);
  });

  test('says what is wrong, of the first five faults', async () => {
    const empty = {
      spiffe_id: '',
      x509_svid: Buffer.alloc(0),
      x509_svid_key: Buffer.alloc(0),
      bundle: Buffer.alloc(0),
    };
    const message = encodeSvids({ svids: [{ ...empty, hint: 'x'.repeat(1025) }, empty] });
    const error: unknown = await parseX509Context(message, keys).catch((thrown: unknown) => thrown);
    const faults = String(error).split('discarded: ')[1]?.split('; ') ?? [];
    expect(faults.slice(1)).toEqual([
      'svids.0.x509_svid: must not be empty',
      'svids.0.x509_svid_key: must not be empty',
      'svids.0.bundle: must not be empty',
      'svids.0.hint: longer than 1024 bytes',
    ]);
    expect(faults[0]).toMatch(/^svids\.0\.spiffe_id: ./);
  });

  test('that is no protobuf is refused with what the decoder says as its cause', async () => {
    await expect(parseX509Context(Buffer.from([0x0a, 0xff]), keys)).rejects.toMatchObject({
      code: 'workload-api-malformed',
      message: expect.stringContaining('not the protobuf message that was expected'),
      cause: expect.any(Error),
    });
    const [empty] = await Promise.allSettled([parseX509Context(encodeSvids({ svids: [] }), keys)]);
    expect(empty).toMatchObject({ status: 'rejected' });
    expect('cause' in (empty as { reason: object }).reason).toBe(false);
  });

  test.each([1, 100])(
    'with a certificate that is %d bytes short, or followed by as many, is refused',
    async (count) => {
      const { x509_svid, ...rest } = await fields();
      const cut = x509_svid.subarray(0, -count);
      expect(await refusal({ svids: [{ ...rest, x509_svid: cut }] })).toBe('certificate-malformed');
      const longer = Buffer.concat([x509_svid, Buffer.alloc(count)]);
      expect(await refusal({ svids: [{ ...rest, x509_svid: longer }] })).toBe('certificate-malformed');
    },
  );

  test('with a chain of nine certificates is refused', async () => {
    const { x509_svid, ...rest } = await fields();
    const nine = Buffer.concat(Array.from({ length: 9 }, () => x509_svid));
    expect(await refusal({ svids: [{ ...rest, x509_svid: nine }] })).toBe('workload-api-malformed');
  });

  test('with a CA as its leaf is refused', async () => {
    const ca = await createTestCa({ trustDomain: 'example.org' });
    const { chain } = await ca.issue({ spiffeId, isCa: true });
    expect(await refusal({ svids: [await fields({ x509_svid: Buffer.concat(chain) })] })).toBe('svid-is-ca');
  });

  test('is refused whole for one bad SVID among good ones', async () => {
    expect(await refusal({ svids: [await fields(), await fields({ bundle: Buffer.alloc(0) })] })).toBe(
      'workload-api-malformed',
    );
  });

  test.each(['spiffe://example.org', 'example.org'])(
    'that gives %s a second bundle is refused',
    async (key) => {
      const federated_bundles = { [key]: Buffer.concat(other().bundle()) };
      expect(await refusal({ svids: [await fields()], federated_bundles })).toBe('workload-api-malformed');
    },
  );

  test('of random bytes is refused', async () => {
    for (let length = 1; length < 64; length += 1) {
      const message = Buffer.from(crypto.getRandomValues(new Uint8Array(length)));
      await expect(parseX509Context(message, keys)).rejects.toMatchObject({ name: 'FeaturesealError' });
    }
  });

  test('never shows the key in its refusal', async () => {
    const key = (await fields()).x509_svid_key;
    const spoilt = await fields({ x509_svid_key: key, hint: 'x'.repeat(2000) });
    const error: unknown = await parseX509Context(encodeSvids({ svids: [spoilt] }), keys).catch(
      (e: unknown) => e,
    );
    expect(String(error)).toContain('svids.0.hint: longer than 1024 bytes');
    expect(String(error)).not.toContain('xxx');
  });
});
