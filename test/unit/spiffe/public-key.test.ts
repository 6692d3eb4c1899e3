import { describe, expect, test } from '@jest/globals';
import { generateKeyPairSync } from 'node:crypto';
import { parsePublicKey, sealAlgorithms } from '../../../src/spiffe/public-key.ts';
import { generateKeys, type TestKeyAlgorithm } from '../../support/certificates.ts';
import * as w from '../../support/der-writer.ts';
import { spkiOf } from '../../support/raw-certificate.ts';
import { reasonOf } from '../../support/reason.ts';

const ec = '1.2.840.10045.2.1';
const rsa = '1.2.840.113549.1.1.1';
const p256 = '1.2.840.10045.3.1.7';

const spki = (algorithm: readonly Uint8Array[], key: Uint8Array): Uint8Array =>
  w.sequence(w.sequence(...algorithm), w.bitString(key));

/** An RSA key of a modulus with the top bit set, all of them one, and this exponent. */
const rsaKey = (bits: number, exponent: readonly number[], lowest = 0xff): Uint8Array => {
  const modulus = Array<number>(bits / 8)
    .fill(0xff)
    .with(-1, lowest);
  return spki([w.oid(rsa), w.nullValue], w.sequence(w.integer(0, ...modulus), w.integer(...exponent)));
};
const f4 = [1, 0, 1];

describe('sealAlgorithms', () => {
  test.each<[TestKeyAlgorithm, readonly string[]]>([
    ['P-256', ['ES256']],
    ['P-384', ['ES384']],
    ['P-521', []],
    ['RSA-2048', ['PS256', 'RS256']],
  ])('of %s are %j', async (algorithm, expected) => {
    const { publicKey } = await generateKeys(algorithm);
    expect(sealAlgorithms(parsePublicKey(await spkiOf(publicKey)))).toEqual(expected);
  });

  test.each([
    [4096, ['PS256', 'RS256']],
    [4104, []],
    [8192, []],
  ])('of RSA with %d bits are %j', (bits, expected) => {
    expect(sealAlgorithms(parsePublicKey(rsaKey(bits, f4)))).toEqual(expected);
  });
});

describe('parsePublicKey', () => {
  test('tells the bits of a modulus', () => {
    expect(parsePublicKey(rsaKey(2048, f4))).toMatchObject({ kind: 'RSA', bits: 2048 });
  });

  test('takes the largest exponent that all verifiers agree on', () => {
    expect(parsePublicKey(rsaKey(2048, [0x7f, 0xff, 0xff, 0xff]))).toMatchObject({ kind: 'RSA' });
  });

  test.each<[string, () => Uint8Array]>([
    ['RSA of 1024 bits', () => rsaKey(1024, f4)],
    ['RSA of 2040 bits', () => rsaKey(2040, f4)],
    ['RSA of 8200 bits', () => rsaKey(8200, f4)],
    ['an even modulus', () => rsaKey(2048, f4, 0xfe)],
    ['e = 1', () => rsaKey(2048, [1])],
    ['e = 3', () => rsaKey(2048, [3])],
    ['e = 65535', () => rsaKey(2048, [0, 0xff, 0xff])],
    ['e = 65538', () => rsaKey(2048, [1, 0, 2])],
    ['e = 2^31 + 1', () => rsaKey(2048, [0, 0x80, 0, 0, 1])],
    ['e of 2048 bits', () => rsaKey(2048, [0, ...Array<number>(256).fill(0xff)])],
    ['RSA without parameters', () => spki([w.oid(rsa)], w.sequence(w.integer(1), w.integer(1)))],
    [
      'RSASSA-PSS',
      () =>
        generateKeyPairSync('rsa-pss', { modulusLength: 2048 }).publicKey.export({
          type: 'spki',
          format: 'der',
        }),
    ],
    ['Ed25519', () => generateKeyPairSync('ed25519').publicKey.export({ type: 'spki', format: 'der' })],
    [
      'secp256k1',
      () =>
        generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).publicKey.export({
          type: 'spki',
          format: 'der',
        }),
    ],
    [
      'P-224',
      () =>
        generateKeyPairSync('ec', { namedCurve: 'secp224r1' }).publicKey.export({
          type: 'spki',
          format: 'der',
        }),
    ],
    [
      'explicit parameters of P-256',
      () =>
        generateKeyPairSync('ec', { namedCurve: 'P-256', paramEncoding: 'explicit' }).publicKey.export({
          type: 'spki',
          format: 'der',
        }),
    ],
    ['a curve left to the issuer', () => spki([w.oid(ec), w.nullValue], w.bytes(4))],
    ['a point at infinity', () => spki([w.oid(ec), w.oid(p256)], w.bytes(0))],
    ['a point off the curve', () => spki([w.oid(ec), w.oid(p256)], w.bytes(4, ...Array<number>(64).fill(1)))],
    [
      'coordinates beyond the field',
      () => spki([w.oid(ec), w.oid(p256)], w.bytes(4, ...Array<number>(64).fill(0xff))),
    ],
  ])('refuses %s', async (_what, key) => {
    expect(await reasonOf(() => parsePublicKey(new Uint8Array(key())))).toBe('key-not-allowed');
  });

  test('refuses the compressed and the hybrid form of a good point', async () => {
    const { publicKey } = await generateKeys();
    const point = (await spkiOf(publicKey)).slice(-65);
    const parity = (point[64] ?? 0) & 1;
    const algorithm = [w.oid(ec), w.oid(p256)];
    const compressed = spki(algorithm, Uint8Array.from([2 + parity, ...point.subarray(1, 33)]));
    const hybrid = spki(algorithm, Uint8Array.from([6 + parity, ...point.subarray(1)]));
    expect(await reasonOf(() => parsePublicKey(compressed))).toBe('key-not-allowed');
    expect(await reasonOf(() => parsePublicKey(hybrid))).toBe('key-not-allowed');
  });

  test('refuses a coordinate that is not reduced, a second text of the same point', async () => {
    const { publicKey } = await generateKeys('P-521');
    const key = await spkiOf(publicKey);
    const x = key.subarray(-132, -66);
    const p = 2n ** 521n - 1n;
    const shifted = (BigInt(`0x${Buffer.from(x).toString('hex')}`) + p).toString(16).padStart(132, '0');
    x.set(Buffer.from(shifted, 'hex'));
    expect(await reasonOf(() => parsePublicKey(key))).toBe('key-not-allowed');
  });

  test.each<[string, Uint8Array]>([
    [
      'a negative modulus',
      spki(
        [w.oid(rsa), w.nullValue],
        w.sequence(w.integer(0x80, ...Array<number>(255).fill(1)), w.integer(...f4)),
      ),
    ],
    [
      'a tail after the exponent',
      spki([w.oid(rsa), w.nullValue], w.sequence(w.integer(1), w.integer(3), w.integer(3))),
    ],
    [
      'a tail after the parameters',
      spki([w.oid(rsa), w.nullValue, w.nullValue], w.sequence(w.integer(1), w.integer(3))),
    ],
    ['a partial octet', w.sequence(w.sequence(w.oid(ec), w.oid(p256)), w.bitString(w.bytes(4), 1))],
    ['no key', w.sequence(w.sequence(w.oid(ec), w.oid(p256)))],
  ])('calls %s malformed', async (_what, key) => {
    expect(await reasonOf(() => parsePublicKey(key))).toBe('certificate-malformed');
  });
});
