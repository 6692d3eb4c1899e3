import { describe, expect, test } from '@jest/globals';
import { certificateScheme } from '../../../src/spiffe/certificate-signature.ts';
import * as w from '../../support/der-writer.ts';

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
});
