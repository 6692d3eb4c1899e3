import { describe, expect, test } from '@jest/globals';
import { createTestCa, generateKeys, type TestCertificateOptions } from '../../../support/certificates.ts';
import * as w from '../../../support/der-writer.ts';
import * as raw from '../../../support/raw-certificate.ts';
import { reasonOf } from '../../../support/reason.ts';
import { spiffeId, trustDomain, year } from '../authority.ts';
import { find } from './find.ts';

describe('the algorithms of a certificate signature', () => {
  test.each<[TestCertificateOptions['keyAlgorithm'], TestCertificateOptions['hash'], boolean, string]>([
    ['P-256', 'SHA-256', false, 'accepted'],
    ['P-256', 'SHA-512', false, 'accepted'],
    ['P-384', 'SHA-384', false, 'accepted'],
    ['P-521', 'SHA-512', false, 'accepted'],
    ['RSA-2048', 'SHA-256', false, 'accepted'],
    ['RSA-2048', 'SHA-384', false, 'accepted'],
    ['RSA-2048', 'SHA-512', false, 'accepted'],
    ['RSA-2048', 'SHA-256', true, 'accepted'],
    ['RSA-2048', 'SHA-384', true, 'accepted'],
    ['RSA-2048', 'SHA-512', true, 'accepted'],
    ['P-256', 'SHA-1', false, 'certificate-algorithm'],
    ['RSA-2048', 'SHA-1', false, 'certificate-algorithm'],
    ['RSA-2048', 'SHA-1', true, 'certificate-algorithm'],
  ])('%s with %s, PSS %s: %s', async (keyAlgorithm, hash, pss, code) => {
    const root = await createTestCa({ trustDomain, ...year, ...(keyAlgorithm && { keyAlgorithm }) });
    const { chain } = await root.issue({ spiffeId, ...year, ...(hash && { hash }), pss });
    expect(await reasonOf(() => find(chain, [root.root]))).toBe(code);
  });

  test('refuses with certificate-signature a scheme of another kind than the key of the issuer', async () => {
    const keys = await generateKeys();
    const rsaWithSha256 = w.sequence(w.oid('1.2.840.113549.1.1.11'), w.nullValue);
    const leaf = await raw.rawCertificate(
      { ...(await raw.leafFields(keys)), algorithm: rsaWithSha256 },
      keys,
    );
    const root = await raw.rawCertificate(await raw.rootFields(keys), keys);
    expect(await reasonOf(() => find([leaf], [root]))).toBe('certificate-signature');
  });

  test('does not judge how a root signed itself: it is trusted for being in the bundle', async () => {
    const root = await createTestCa({ trustDomain, ...year, hash: 'SHA-1' });
    const { chain } = await root.issue({ spiffeId, ...year });
    expect(await reasonOf(() => find(chain, [root.root]))).toBe('accepted');
  });
});
