import { Crypto as PeculiarCrypto } from '@peculiar/webcrypto';
import { describe, expect, test } from '@jest/globals';
import type { Crypto } from '../../../../src/crypto.ts';
import { toPem, toPkcs8, type TestKeyAlgorithm } from '../../../support/certificates.ts';
import { reasonOf } from '../../../support/reason.ts';
import { changed, issue, nodeFeature } from '../../../support/sealing.ts';
import { headerOf, useSigner } from './signer.ts';

const { ca, sign, svid, verify } = useSigner();

describe('keys and crypto providers', () => {
  const peculiar = new PeculiarCrypto() as unknown as Crypto;
  const providers: [string, Crypto][] = [
    ['native', globalThis.crypto],
    ['@peculiar/webcrypto', peculiar],
  ];
  const algorithms: [TestKeyAlgorithm, string][] = [
    ['P-256', 'ES256'],
    ['P-384', 'ES384'],
    ['RSA-2048', 'PS256'],
    ['RSA-3072', 'PS256'],
    ['RSA-4096', 'PS256'],
  ];
  const rows = providers.flatMap(([name, crypto]) =>
    algorithms.map(([key, alg]) => [name, key, alg, crypto] as const),
  );

  test.each(rows)(
    '%s seals with %s as %s, and each verifies the other',
    async (_, keyAlgorithm, alg, crypto) => {
      const { chain, key } = await issue(ca(), { keyAlgorithm });
      const sealed = await sign(nodeFeature(), { svid: { chain, key: await toPkcs8(key) }, crypto });
      expect(headerOf(sealed)).toMatchObject({ alg });
      for (const [, provider] of providers)
        expect(await verify(sealed, provider)).toMatchObject({ trust: 'verified' });
      const edited = changed(sealed, ({ spec }) => (spec.labels = {}));
      for (const [, provider] of providers)
        expect(await reasonOf(() => verify(edited, provider))).toBe('signature-invalid');
    },
  );

  test('takes chain and key as PEM', async () => {
    const pkcs8 = Buffer.from(await toPkcs8(svid().key)).toString('base64');
    const key = `-----BEGIN PRIVATE KEY-----\n${pkcs8}\n-----END PRIVATE KEY-----\n`;
    const sealed = await sign(nodeFeature(), { svid: { chain: toPem(svid().chain), key } });
    expect(await verify(sealed)).toMatchObject({ trust: 'verified' });
  });

  test('takes a key of the provider in use', async () => {
    const pkcs8 = await toPkcs8(svid().key);
    const key = await peculiar.subtle.importKey(
      'pkcs8',
      pkcs8,
      { name: 'ECDSA', namedCurve: 'P-256' },
      false,
      ['sign'],
    );
    const sealed = await sign(nodeFeature(), { svid: { chain: svid().chain, key }, crypto: peculiar });
    expect(await verify(sealed)).toMatchObject({ trust: 'verified' });
  });

  test('refuses a key of another provider', async () => {
    expect(await reasonOf(() => sign(nodeFeature(), { crypto: peculiar }))).toBe('key-mismatch');
  });
});
