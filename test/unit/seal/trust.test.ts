import { describe, expect, test } from '@jest/globals';
import type { Crypto } from '../../../src/crypto.ts';
import { parseFrame } from '../../../src/feature/parse.ts';
import { BoundedMap } from '../../../src/seal/bounded-map.ts';
import { readEnvelope } from '../../../src/seal/envelope.ts';
import type { SealHeader } from '../../../src/seal/header.ts';
import { SealTrust } from '../../../src/seal/trust.ts';
import { type VerifyOptions } from '../../../src/seal/verify.ts';
import type { CertificateInput } from '../../../src/spiffe/pem.ts';
import { dns, extend, uri } from '../../support/certificate-factory.ts';
import { Extension } from '../../support/certificates.ts';
import { countingCrypto } from '../../support/counting-crypto.ts';
import {
  bundlesOf,
  changed,
  hour,
  issue,
  minute,
  nodeFeature,
  noon,
  rawSeal,
  rootCa,
  seal,
  sealKey,
  testPolicy,
  workerId,
} from '../../support/sealing.ts';
import { useVerifier, type Verdict } from './verifier.ts';

const { ca, good, sealed, svid, verdict } = useVerifier();

function judge(trust: SealTrust, object: unknown, options: Partial<VerifyOptions> = {}): Promise<Verdict> {
  return verdict(object, { trust, ...options });
}

describe('SealTrust', () => {
  test('verifies the same object once, and again for other bytes', async () => {
    const { crypto, calls } = countingCrypto();
    const trust = new SealTrust(crypto);
    for (const _ of [1, 2, 3]) expect(await judge(trust, sealed())).toBe('accepted');
    expect(calls('verify')).toBe(2);
    expect(await judge(trust, await seal(nodeFeature({ labels: {} }), svid()))).toBe('accepted');
    expect(calls('verify')).toBe(3);
  });

  test('remembers no refusal and is not fooled by what it remembers', async () => {
    const trust = new SealTrust();
    expect(await judge(trust, sealed())).toBe('accepted');
    expect(
      await judge(
        trust,
        changed(sealed(), ({ spec }) => (spec.labels = {})),
      ),
    ).toBe('signature-invalid');
    // The signature of one object in the envelope of another, the chain known.
    const [head] = String(
      (await seal(nodeFeature(), svid(), { at: noon + 1 })).metadata.annotations?.[sealKey],
    ).split('..');
    const [, tail] = String(sealed().metadata.annotations?.[sealKey]).split('..');
    expect(
      await judge(
        trust,
        changed(sealed(), ({ metadata }) => (metadata.annotations[sealKey] = `${head}..${tail}`)),
      ),
    ).toBe('signature-invalid');
    // The known leaf with the key of somebody else.
    const thief = { ...svid(), key: (await issue(ca())).key };
    expect(await judge(trust, await rawSeal(nodeFeature(), thief))).toBe('signature-invalid');
    // A refusal first, then the good one.
    const fresh = new SealTrust();
    expect(
      await judge(
        fresh,
        changed(sealed(), ({ spec }) => (spec.labels = {})),
      ),
    ).toBe('signature-invalid');
    expect(await judge(fresh, sealed())).toBe('accepted');
  });

  test('of a chain without a path and a signature that does not hold, the path is the reason', async () => {
    const edited = changed(sealed(), ({ spec }) => (spec.labels = {}));
    const bundles = bundlesOf(await rootCa({ subject: 'CN=Other' }));
    const trust = new SealTrust();
    for (const _ of ['cold', 'warm']) {
      expect(await judge(trust, edited, { bundles })).toBe('path-not-found');
      expect(await judge(trust, edited)).toBe('signature-invalid');
      expect(await judge(trust, edited, { now: new Date(noon + 2 * hour) })).toBe('certificate-expired');
      expect(await judge(trust, sealed())).toBe('accepted');
    }
  });

  test('stops at once where the bundle loses the root, and goes on where it is back', async () => {
    const trust = new SealTrust();
    expect(await judge(trust, sealed())).toBe('accepted');
    const other = await rootCa({ subject: 'CN=Other' });
    expect(await judge(trust, sealed(), { bundles: bundlesOf(other) })).toBe('path-not-found');
    expect(await judge(trust, sealed(), { bundles: new Map() })).toBe('bundle-missing');
    expect(await judge(trust, sealed())).toBe('accepted');
  });

  test('a clock that goes forth and back finds what is true at each time', async () => {
    const trust = new SealTrust();
    const at = (moment: number) => judge(trust, sealed(), { now: new Date(moment) });
    expect(await at(noon)).toBe('accepted');
    expect(await at(noon + hour + 1000)).toBe('certificate-expired');
    expect(await at(noon)).toBe('accepted');
    expect(await at(noon - hour - 1000)).toBe('certificate-not-yet-valid');
    expect(await at(noon + minute)).toBe('accepted');
  });

  test('policy and freshness are asked each time', async () => {
    const trust = new SealTrust();
    expect(await judge(trust, sealed())).toBe('accepted');
    expect(await judge(trust, sealed(), { accepted: { iat: noon + 1, signer: '' } })).toBe('replayed');
    expect(
      await judge(trust, sealed(), { policy: testPolicy((text) => text.replace('/worker/', '/other/')) }),
    ).toBe('signer-not-allowed');
  });

  test('a long chain is judged each time, so that padding one fills no memory', async () => {
    const padding = new Extension('1.3.6.1.4.1.55555.1', false, new Uint8Array(8 * 1024));
    const long = await issue(ca(), { extraExtensions: [padding] });
    const object = await seal(nodeFeature(), long);
    const { crypto, calls } = countingCrypto();
    const trust = new SealTrust(crypto);
    expect(await judge(trust, object)).toBe('accepted');
    expect(calls('verify')).toBe(2);
    expect(await judge(trust, object)).toBe('accepted');
    // The path again; the signature over the same bytes is known by its digest.
    expect(calls('verify')).toBe(3);
  });
});

describe('what is remembered of a chain', () => {
  const header = (chainText: string): SealHeader => ({
    ...readEnvelope(parseFrame(sealed())).header,
    chainText,
  });
  const [short, long] = ['x'.repeat(8 * 1024), 'x'.repeat(8 * 1024 + 1)];

  test('a leaf is parsed once, that of a text of more than 8 KiB each time', () => {
    const trust = new SealTrust();
    expect(trust.leafOf(header(short))).toBe(trust.leafOf(header(short)));
    expect(trust.leafOf(header(long))).not.toBe(trust.leafOf(header(long)));
  });

  describe('a leaf is parsed each time where, parsed, it takes far more room than its text:', () => {
    const many = (count: number): Uint8Array[] => Array.from({ length: count }, () => dns('a'));
    // One name is the SPIFFE ID.
    test.each<[what: string, extensionOf: (count: number) => Uint8Array, most: number]>([
      ['names', (count) => extend.subjectAltName([uri(workerId()), ...many(count)]), 63],
      ['permitted subtrees', (count) => extend.nameConstraints(many(count)), 63],
      ['excluded subtrees', (count) => extend.nameConstraints([], many(count)), 63],
      ['both of these', (count) => extend.nameConstraints(many(count), many(32)), 31],
    ])('many %s', async (what, extensionOf, most) => {
      const headerOf = async (count: number): Promise<SealHeader> => {
        const extraExtensions = [new Extension(extensionOf(count))];
        const ownNames = what === 'names' ? { spiffeId: undefined } : {};
        const leaf = await issue(ca(), { ...ownNames, extraExtensions });
        return readEnvelope(parseFrame(await rawSeal(nodeFeature(), leaf))).header;
      };
      const trust = new SealTrust();
      const [few, more] = [await headerOf(most), await headerOf(most + 1)];
      expect(trust.leafOf(few)).toBe(trust.leafOf(few));
      expect(trust.leafOf(more)).not.toBe(trust.leafOf(more));
    });
  });

  test.each([
    ['from its first moment', noon - hour],
    ['to its last moment', noon + hour],
  ])('a path holds %s', async (_, moment) => {
    const { crypto, calls } = countingCrypto();
    const trust = new SealTrust(crypto);
    const pathOf = (chainText: string) => {
      const asked = header(chainText);
      return trust.pathOf(asked, trust.leafOf(asked), good().bundles, new Date(moment));
    };
    expect(await pathOf(short)).toBe(await pathOf(short));
    expect(calls('verify')).toBe(1);
    await pathOf(long);
    await pathOf(long);
    expect(calls('verify')).toBe(3);
  });

  test('the roots of a bundle are read once', async () => {
    const asked: string[] = [];
    class Counted extends Map<string, CertificateInput> {
      override get(trustDomain: string) {
        asked.push(trustDomain);
        return super.get(trustDomain);
      }
    }
    const trust = new SealTrust();
    const bundles = new Counted(good().bundles);
    const other = await seal(nodeFeature(), await issue(ca()));
    expect(await judge(trust, sealed(), { bundles })).toBe('accepted');
    expect(await judge(trust, other, { bundles })).toBe('accepted');
    expect(asked).toEqual(['example.org']);
  });
});

describe('hasPath', () => {
  const leaf = (trust: SealTrust) => trust.leafOf(readEnvelope(parseFrame(sealed())).header);

  test('tells until when there is a path', async () => {
    const trust = new SealTrust();
    expect(await trust.hasPath(leaf(trust), good().bundles, good().now)).toBe(noon + hour);
  });

  test('tells that there is none any more', async () => {
    const trust = new SealTrust();
    const other = bundlesOf(await rootCa({ subject: 'CN=Other' }));
    expect(await trust.hasPath(leaf(trust), other, good().now)).toBeUndefined();
    expect(await trust.hasPath(leaf(trust), new Map(), good().now)).toBeUndefined();
    expect(await trust.hasPath(leaf(trust), good().bundles, new Date(noon + hour + 1))).toBeUndefined();
  });

  test('a provider that breaks down says nothing about paths', async () => {
    const broken = {
      subtle: { importKey: () => Promise.resolve({}), verify: () => Promise.reject(new Error('gone')) },
    };
    const trust = new SealTrust(broken as unknown as Crypto);
    await expect(trust.hasPath(leaf(trust), good().bundles, good().now)).rejects.toThrow('gone');
  });
});

describe('BoundedMap', () => {
  test('a question about what is not there displaces nothing', () => {
    const map = new BoundedMap<number>(2);
    map.set('a', 1);
    expect(map.get('x')).toBeUndefined();
    map.set('b', 2);
    expect([map.get('a'), map.get('b')]).toEqual([1, 2]);
  });

  test('what is set again is new', () => {
    const map = new BoundedMap<number>(2);
    map.set('a', 1);
    map.set('b', 2);
    map.set('a', 3);
    map.set('c', 4);
    expect([map.get('a'), map.get('b'), map.get('c')]).toEqual([3, undefined, 4]);
  });

  test('forgets what was not asked for longest', () => {
    const map = new BoundedMap<number>(2);
    map.set('a', 1);
    map.set('b', 2);
    expect(map.get('a')).toBe(1);
    map.set('c', 3);
    expect([map.get('a'), map.get('b'), map.get('c')]).toEqual([1, undefined, 3]);
  });

  test('holds one value a key', () => {
    const map = new BoundedMap<number>(2);
    map.set('a', 1);
    map.set('b', 2);
    map.set('a', 3);
    expect([map.get('a'), map.get('b')]).toEqual([3, 2]);
  });
});
