import { describe, expect, test } from '@jest/globals';
import { certificateScheme, verifyCertificateSignature } from '../../../src/spiffe/certificate-signature.ts';
import { parsePublicKey } from '../../../src/spiffe/public-key.ts';
import { generateKeys } from '../../support/certificates.ts';
import * as w from '../../support/der-writer.ts';
import { ecdsaSignature, spkiOf, unsigned } from '../../support/raw-certificate.ts';
import { reasonOf } from '../../support/reason.ts';

const sha1 = '1.3.14.3.2.26';
const sha256 = '2.16.840.1.101.3.4.2.1';
const sha384 = '2.16.840.1.101.3.4.2.2';
const sha512 = '2.16.840.1.101.3.4.2.3';
const mgf1 = '1.2.840.113549.1.1.8';

const algorithm = (oid: string, ...parameters: readonly Uint8Array[]): Uint8Array =>
  w.sequence(w.oid(oid), ...parameters);
const pss = (hash: Uint8Array, mask: Uint8Array, salt: number, ...more: readonly Uint8Array[]): Uint8Array =>
  algorithm(
    '1.2.840.113549.1.1.10',
    w.sequence(w.explicit(0, hash), w.explicit(1, mask), w.explicit(2, w.integer(salt)), ...more),
  );
const hash = (oid: string): Uint8Array => algorithm(oid, w.nullValue);
const mask = (oid: string): Uint8Array => algorithm(mgf1, hash(oid));
const rsaPss = '1.2.840.113549.1.1.10';
const sha256Fields = [
  w.explicit(0, hash(sha256)),
  w.explicit(1, mask(sha256)),
  w.explicit(2, w.integer(32)),
] as const;
/** Parameters of these fields alone; with `at`, of all three, the one that stands there replaced. */
const pssUnder = (oid: string, fields: readonly Uint8Array[], at?: 0 | 1 | 2): Uint8Array =>
  algorithm(oid, w.sequence(...(at === undefined ? fields : sha256Fields.with(at, fields[0]!))));

describe('certificateScheme', () => {
  test.each<[string, Uint8Array, string, string]>([
    ['ECDSA with SHA-256', algorithm('1.2.840.10045.4.3.2'), 'ECDSA', 'SHA-256'],
    ['ECDSA with SHA-384', algorithm('1.2.840.10045.4.3.3'), 'ECDSA', 'SHA-384'],
    ['ECDSA with SHA-512', algorithm('1.2.840.10045.4.3.4'), 'ECDSA', 'SHA-512'],
    ['RSA with SHA-256', algorithm('1.2.840.113549.1.1.11', w.nullValue), 'RSASSA-PKCS1-v1_5', 'SHA-256'],
    ['RSA with SHA-384', algorithm('1.2.840.113549.1.1.12', w.nullValue), 'RSASSA-PKCS1-v1_5', 'SHA-384'],
    ['RSA with SHA-512', algorithm('1.2.840.113549.1.1.13', w.nullValue), 'RSASSA-PKCS1-v1_5', 'SHA-512'],
    ['RSA-PSS with SHA-256', pss(hash(sha256), mask(sha256), 32), 'RSA-PSS', 'SHA-256'],
    ['RSA-PSS with SHA-384', pss(hash(sha384), mask(sha384), 48), 'RSA-PSS', 'SHA-384'],
    ['RSA-PSS with SHA-512', pss(hash(sha512), mask(sha512), 64), 'RSA-PSS', 'SHA-512'],
    [
      'RSA-PSS with absent parameters of the hash',
      pss(algorithm(sha256), algorithm(mgf1, algorithm(sha256)), 32),
      'RSA-PSS',
      'SHA-256',
    ],
  ])('knows %s', (_what, der, name, digest) => {
    expect(certificateScheme(der)).toEqual({ name, hash: digest });
  });

  test.each<[string, Uint8Array]>([
    ['ECDSA with SHA-1', algorithm('1.2.840.10045.4.1')],
    ['ECDSA with SHA-224', algorithm('1.2.840.10045.4.3.1')],
    ['ECDSA with parameters', algorithm('1.2.840.10045.4.3.2', w.nullValue)],
    ['RSA with MD5', algorithm('1.2.840.113549.1.1.4', w.nullValue)],
    ['RSA with SHA-1', algorithm('1.2.840.113549.1.1.5', w.nullValue)],
    ['RSA without parameters', algorithm('1.2.840.113549.1.1.11')],
    ['RSA with other parameters', algorithm('1.2.840.113549.1.1.11', w.sequence())],
    ['RSA with NULL that holds something', algorithm('1.2.840.113549.1.1.11', w.der(0x05, w.bytes(0)))],
    ['RSA-OAEP with the parameters of RSA-PSS', pssUnder('1.2.840.113549.1.1.7', sha256Fields)],
    ['RSA-PSS with a hash alone', pssUnder(rsaPss, sha256Fields.slice(0, 1))],
    ['RSA-PSS without salt', pssUnder(rsaPss, sha256Fields.slice(0, 2))],
    ['RSA-PSS without hash', pssUnder(rsaPss, sha256Fields.slice(1))],
    ['RSA-PSS without mask', pssUnder(rsaPss, [sha256Fields[0], sha256Fields[2]])],
    ['RSA-PSS with a mask alone', pssUnder(rsaPss, sha256Fields.slice(1, 2))],
    ['RSA-PSS with a salt alone', pssUnder(rsaPss, sha256Fields.slice(2))],
    ['RSA-PSS with parameters that are no sequence', algorithm(rsaPss, w.set(...sha256Fields))],
    ['Ed25519', algorithm('1.3.101.112')],
    ['DSA with SHA-256', algorithm('2.16.840.1.101.3.4.3.2')],
    ['RSA-PSS without parameters', algorithm('1.2.840.113549.1.1.10')],
    ['RSA-PSS with SHA-1 by default', algorithm('1.2.840.113549.1.1.10', w.sequence())],
    ['RSA-PSS with SHA-1', pss(hash(sha1), mask(sha1), 20)],
    ['RSA-PSS with another hash in the mask', pss(hash(sha256), mask(sha384), 32)],
    ['RSA-PSS with another mask', pss(hash(sha256), algorithm('1.2.3', hash(sha256)), 32)],
    ['RSA-PSS with a mask without hash', pss(hash(sha256), algorithm(mgf1), 32)],
    ['RSA-PSS with parameters of the hash', pss(algorithm(sha256, w.sequence()), mask(sha256), 32)],
    ['RSA-PSS with a shorter salt', pss(hash(sha256), mask(sha256), 20)],
    ['RSA-PSS with a longer salt', pss(hash(sha256), mask(sha256), 48)],
    ['RSA-PSS with a trailer', pss(hash(sha256), mask(sha256), 32, w.explicit(3, w.integer(2)))],
  ])('has no scheme for %s', (_what, der) => {
    expect(certificateScheme(der)).toBeUndefined();
  });

  test.each<[string, Uint8Array]>([
    ['something after the parameters', algorithm('1.2.840.113549.1.1.11', w.nullValue, w.nullValue)],
    ['something after the identifier', Buffer.concat([algorithm('1.2.840.10045.4.3.2'), w.nullValue])],
    ['no identifier', w.sequence()],
    ['another type', w.set(w.oid('1.2.840.10045.4.3.2'))],
    ['something after the hash', pssUnder(rsaPss, [w.explicit(0, hash(sha256), w.nullValue)], 0)],
    ['something after the mask', pssUnder(rsaPss, [w.explicit(1, mask(sha256), w.nullValue)], 1)],
    ['something after the salt', pssUnder(rsaPss, [w.explicit(2, w.integer(32), w.nullValue)], 2)],
    [
      'something after the hash of the mask',
      pssUnder(rsaPss, [w.explicit(1, algorithm(mgf1, algorithm(sha256, w.nullValue, w.nullValue)))], 1),
    ],
  ])('refuses %s', async (_what, der) => {
    expect(await reasonOf(() => certificateScheme(der))).toBe('certificate-malformed');
  });
});

describe('verifyCertificateSignature', () => {
  const { crypto } = globalThis;
  const data = w.ascii('tbsCertificate');

  /** A signature until `isWanted`, changed. */
  const verdict = async (
    change: (raw: Uint8Array) => Uint8Array,
    isWanted: (raw: Uint8Array) => boolean = () => true,
  ): Promise<boolean> => {
    const keys = await generateKeys();
    const key = parsePublicKey(await spkiOf(keys.publicKey));
    const scheme = { name: 'ECDSA', hash: 'SHA-256' } as const;
    const sign = async () => new Uint8Array(await crypto.subtle.sign(scheme, keys.privateKey, data));
    let made = await sign();
    while (!isWanted(made)) made = await sign();
    return verifyCertificateSignature({ crypto, key, scheme, signature: change(made), data });
  };

  test.each<[string, (raw: Uint8Array) => boolean]>([
    ['32 octets each', (r) => r[0]! > 0x7f && r[32]! > 0x7f],
    ['an r of 31 octets', (r) => r[0] === 0],
    ['an s of 31 octets', (r) => r[32] === 0],
  ])('takes r and s as a certificate holds them: %s', async (_what, isWanted) => {
    expect(await verdict(ecdsaSignature, isWanted)).toBe(true);
  });

  test.each<[string, (raw: Uint8Array) => Uint8Array]>([
    ['r and s as a seal holds them', (raw) => raw],
    ['nothing', () => w.bytes()],
    [
      'something after s',
      (raw) => w.sequence(unsigned(raw.slice(0, 32)), unsigned(raw.slice(32)), w.nullValue),
    ],
    ['something after the signature', (raw) => Buffer.concat([ecdsaSignature(raw), w.nullValue])],
    ['r alone', (raw) => w.sequence(unsigned(raw.slice(0, 32)))],
    ['r of 33 octets', (raw) => w.sequence(w.integer(1, ...raw.slice(0, 32)), unsigned(raw.slice(32)))],
    ['s of 33 octets', (raw) => w.sequence(unsigned(raw.slice(0, 32)), w.integer(1, ...raw.slice(32)))],
    ['a negative r', (raw) => w.sequence(w.integer(0x80), unsigned(raw.slice(32)))],
    ['a set', (raw) => w.set(unsigned(raw.slice(0, 32)), unsigned(raw.slice(32)))],
    ['s before r', (raw) => ecdsaSignature(Buffer.concat([raw.slice(32), raw.slice(0, 32)]))],
  ])('is false for %s', async (_what, change) => {
    expect(await verdict(change)).toBe(false);
  });

  test('a provider that breaks down gives no verdict', async () => {
    const broken = {
      subtle: { importKey: async () => ({}), verify: () => Promise.reject(new Error('gone')) },
    };
    const keys = await generateKeys();
    const verification = verifyCertificateSignature({
      crypto: broken as never,
      key: parsePublicKey(await spkiOf(keys.publicKey)),
      scheme: { name: 'ECDSA', hash: 'SHA-256' },
      signature: ecdsaSignature(new Uint8Array(64).fill(1)),
      data,
    });
    await expect(verification).rejects.toThrow('gone');
  });
});
