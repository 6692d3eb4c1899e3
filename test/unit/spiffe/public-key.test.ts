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
const withParameters = (parameters: Uint8Array): Uint8Array =>
  spki(
    [w.oid(rsa), parameters],
    w.sequence(w.integer(0, ...Array<number>(256).fill(0xff)), w.integer(...f4)),
  );

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
    ['RSA with NULL that holds something', () => withParameters(w.der(0x05, w.bytes(0)))],
    ['RSA with a sequence for NULL', () => withParameters(w.sequence())],
    ['e = 65536', () => rsaKey(2048, [1, 0, 0])],
    ['e = 2^31 - 2', () => rsaKey(2048, [0x7f, 0xff, 0xff, 0xfe])],
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
    ['a curve that is not said', () => spki([w.oid(ec)], w.bytes(4))],
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

  test.each([
    ['x', -132, -66],
    ['y', -66, undefined],
  ] as const)('refuses %s that is not reduced, a second text of the same point', async (_, from, to) => {
    const { publicKey } = await generateKeys('P-521');
    const key = await spkiOf(publicKey);
    const coordinate = key.subarray(from, to);
    const p = 2n ** 521n - 1n;
    const shifted = (BigInt(`0x${Buffer.from(coordinate).toString('hex')}`) + p)
      .toString(16)
      .padStart(132, '0');
    coordinate.set(Buffer.from(shifted, 'hex'));
    expect(await reasonOf(() => parsePublicKey(key))).toBe('key-not-allowed');
  });

  test('says which algorithm is not allowed', () => {
    expect(() => parsePublicKey(spki([w.oid('1.2.3'), w.nullValue], w.bytes(4)))).toThrow('algorithm 1.2.3');
  });

  test('refuses p as x, a second text of the point whose x is 0', async () => {
    const x = 'ffffffff00000001000000000000000000000000ffffffffffffffffffffffff';
    // A square root of b modulo p, so a point where x is 0.
    const y = '66485c780e2f83d72433bd5d84a06bb6541c2af31dae871728bf856a174f93f4';
    const at = (hex: string) => spki([w.oid(ec), w.oid(p256)], Buffer.from(`04${hex}${y}`, 'hex'));
    expect(await reasonOf(() => parsePublicKey(at('00'.repeat(32))))).toBe('accepted');
    expect(await reasonOf(() => parsePublicKey(at(x)))).toBe('key-not-allowed');
  });

  test('refuses a point whose y lacks its leading zero', async () => {
    let point: Uint8Array;
    do point = (await spkiOf((await generateKeys()).publicKey)).slice(-65);
    while (point[33] !== 0);
    const at = (octets: Uint8Array) => spki([w.oid(ec), w.oid(p256)], octets);
    expect(await reasonOf(() => parsePublicKey(at(point)))).toBe('accepted');
    const shorter = Buffer.concat([point.subarray(0, 33), point.subarray(34)]);
    expect(await reasonOf(() => parsePublicKey(at(shorter)))).toBe('key-not-allowed');
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
    [
      'something after the key',
      w.sequence(w.sequence(w.oid(ec), w.oid(p256)), w.bitString(w.bytes(4)), w.nullValue),
    ],
    ['something after all of it', Buffer.concat([rsaKey(2048, f4), w.nullValue])],
    ['an RSA key of another type', spki([w.oid(rsa), w.nullValue], w.set())],
    ['a modulus of another type', spki([w.oid(rsa), w.nullValue], w.sequence(w.nullValue, w.integer(...f4)))],
    ['an exponent of another type', spki([w.oid(rsa), w.nullValue], w.sequence(w.integer(1), w.nullValue))],
    ['a negative exponent', spki([w.oid(rsa), w.nullValue], w.sequence(w.integer(1), w.integer(0x80)))],
    ['no algorithm', w.sequence(w.sequence(), w.bitString(w.bytes(4)))],
    ['an empty modulus', spki([w.oid(rsa), w.nullValue], w.sequence(w.integer(), w.integer(...f4)))],
  ])('calls %s malformed', async (_what, key) => {
    expect(await reasonOf(() => parsePublicKey(key))).toBe('certificate-malformed');
  });
});
