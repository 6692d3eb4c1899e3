import { describe, expect, test } from '@jest/globals';
import type { ReasonCode } from '../../../../src/error-codes.ts';
import { verifyNodeFeature } from '../../../../src/seal/verify.ts';
import { generateKeys } from '../../../support/certificates.ts';
import { ecdsaOf, nodeFeature, noon, rawSeal, sealKey, type Forgery } from '../../../support/sealing.ts';
import { useVerifier } from '../verifier.ts';

const { good, svid, verdict } = useVerifier();

describe('a seal that no signer would make', () => {
  const forged = async (forgery: Forgery, object = nodeFeature(), by = svid()) =>
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
      { sign: async (data) => (await ecdsaOf(svid())(data)).subarray(1) },
    ],
    [
      'signature-invalid',
      'a signature one byte long',
      { sign: async (data) => Buffer.concat([await ecdsaOf(svid())(data), Buffer.alloc(1)]) },
    ],
    ['signature-invalid', 'another digest', { sign: (data) => ecdsaOf(svid(), 'SHA-384')(data) }],
    [
      'signature-invalid',
      'another key',
      { sign: async (data) => ecdsaOf({ key: (await generateKeys()).privateKey })(data) },
    ],
    [
      'signature-invalid',
      'the payload signed without header',
      { sign: (data) => ecdsaOf(svid())(data.subarray(data.indexOf(0x2e) + 1)) },
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
    await expect(verifyNodeFeature(await rawSeal(nodeFeature(), svid(), forgery), good())).rejects.toThrow(
      fault,
    );
  });

  test('that covers more than the object has is refused', async () => {
    const headerKeys = { annotations: ['gone'] };
    expect(await forged({ members: headerKeys })).toBe('covered-keys');
  });

  test('is read up to 64 KiB and not one character more', async () => {
    const tail = (length: number) => (head: string, signature: string) =>
      `${head}..${signature}`.padEnd(length, 'A');
    // Multiples of four keep it canonical base64; the signature is then much too long.
    const object = await rawSeal(nodeFeature(), svid());
    const text = String(object.metadata.annotations?.[sealKey]);
    const fill = 64 * 1024 - ((64 * 1024 - text.length) % 4);
    expect(await forged({ compact: tail(fill) })).toBe('signature-invalid');
    expect(await forged({ compact: tail(64 * 1024 + 1) })).toBe('seal-too-large');
  });
});
