import { Crypto as PeculiarCrypto } from '@peculiar/webcrypto';
import { describe, expect, test } from '@jest/globals';
import type { CryptoKey } from '../../../src/crypto.ts';
import { parsePublicKey, type PublicKey, type SealAlgorithm } from '../../../src/spiffe/public-key.ts';
import { verifySealSignature } from '../../../src/spiffe/signature.ts';
import { generateKeys, type TestKeyAlgorithm, toPkcs8 } from '../../support/certificates.ts';
import { countingCrypto } from '../../support/counting-crypto.ts';
import { ecdsaSignature, spkiOf } from '../../support/raw-certificate.ts';

const { crypto } = globalThis;
const data = new Uint8Array(Buffer.from('payload'));

const signers: Readonly<
  Record<string, { readonly key: TestKeyAlgorithm; readonly sign: RsaOrEcParameters }>
> = {
  ES256: { key: 'P-256', sign: { name: 'ECDSA', hash: 'SHA-256' } },
  'ES256 with SHA-384': { key: 'P-256', sign: { name: 'ECDSA', hash: 'SHA-384' } },
  ES384: { key: 'P-384', sign: { name: 'ECDSA', hash: 'SHA-384' } },
  'P-521': { key: 'P-521', sign: { name: 'ECDSA', hash: 'SHA-256' } },
  PS256: { key: 'RSA-2048', sign: { name: 'RSA-PSS', hash: 'SHA-256', saltLength: 32 } },
  'PS256 with a salt of 20': { key: 'RSA-2048', sign: { name: 'RSA-PSS', hash: 'SHA-256', saltLength: 20 } },
  'PS256 without salt': { key: 'RSA-2048', sign: { name: 'RSA-PSS', hash: 'SHA-256', saltLength: 0 } },
  RS256: { key: 'RSA-2048', sign: { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' } },
  'RS256 with SHA-1': { key: 'RSA-2048', sign: { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-1' } },
};

interface RsaOrEcParameters {
  readonly name: string;
  readonly hash: string;
  readonly saltLength?: number;
}

async function signed(by: string): Promise<{ readonly key: PublicKey; readonly signature: Uint8Array }> {
  const signer = signers[by];
  if (signer === undefined) throw new Error(`no signer ${by}`);
  const keys = await generateKeys(signer.key);
  const { name, hash } = signer.sign;
  const parameters = signer.key.startsWith('P-') ? { name, namedCurve: signer.key } : { name, hash };
  const key: CryptoKey = await crypto.subtle.importKey(
    'pkcs8',
    await toPkcs8(keys.privateKey),
    parameters,
    false,
    ['sign'],
  );
  const signature = new Uint8Array(await crypto.subtle.sign(signer.sign, key, data));
  return { key: parsePublicKey(await spkiOf(keys.publicKey)), signature };
}

describe('verifySealSignature', () => {
  test.each<[string, SealAlgorithm, boolean]>([
    ['ES256', 'ES256', true],
    ['ES384', 'ES384', true],
    ['PS256', 'PS256', true],
    ['RS256', 'RS256', true],
    ['ES256', 'ES384', false],
    ['ES384', 'ES256', false],
    ['ES256', 'RS256', false],
    ['PS256', 'RS256', false],
    ['RS256', 'PS256', false],
    ['RS256', 'ES256', false],
    ['ES256 with SHA-384', 'ES256', false],
    ['P-521', 'ES256', false],
    ['PS256 with a salt of 20', 'PS256', false],
    ['PS256 without salt', 'PS256', false],
    ['RS256 with SHA-1', 'RS256', false],
  ])('a signature by %s as %s: %s', async (by, algorithm, expected) => {
    expect(await verifySealSignature({ crypto, algorithm, data, ...(await signed(by)) })).toBe(expected);
  });

  test.each<[string, (signature: Uint8Array) => Uint8Array]>([
    ['in DER', ecdsaSignature],
    ['cut short', (signature) => signature.subarray(0, -1)],
    ['with a byte more', (signature) => Uint8Array.from([...signature, 0])],
    [
      'with a leading zero in r and s',
      (signature) => Uint8Array.from([0, ...signature.subarray(0, 32), 0, ...signature.subarray(32)]),
    ],
    ['of zeros', (signature) => new Uint8Array(signature.length)],
    ['of nothing', () => new Uint8Array()],
    ['with one bit changed', (signature) => signature.with(5, (signature[5] ?? 0) ^ 1)],
  ])('an ES256 signature %s is false', async (_what, change) => {
    const { key, signature } = await signed('ES256');
    expect(
      await verifySealSignature({ crypto, algorithm: 'ES256', data, key, signature: change(signature) }),
    ).toBe(false);
  });

  test('of another length is false with a provider that would throw', async () => {
    const { key, signature } = await signed('ES256');
    const verify = (octets: Uint8Array): Promise<boolean> =>
      verifySealSignature({ crypto: new PeculiarCrypto(), algorithm: 'ES256', data, key, signature: octets });
    expect(await verify(signature)).toBe(true);
    expect(await verify(signature.subarray(1))).toBe(false);
    expect(await verify(new Uint8Array())).toBe(false);
  });

  test('other data is false', async () => {
    const other = new Uint8Array(Buffer.from('Payload'));
    expect(
      await verifySealSignature({ crypto, algorithm: 'ES256', ...(await signed('ES256')), data: other }),
    ).toBe(false);
  });

  test('a key that the provider refuses is not allowed', async () => {
    const refusing = { subtle: { importKey: () => Promise.reject(new Error('no such curve')) } };
    const made = await signed('ES256');
    const verification = verifySealSignature({
      crypto: refusing as never,
      algorithm: 'ES256',
      data,
      ...made,
    });
    await expect(verification).rejects.toMatchObject({
      code: 'key-not-allowed',
      message: expect.stringContaining('the crypto provider refuses a public key'),
      cause: { message: 'no such curve' },
    });
  });

  test('imports a key once for each provider', async () => {
    const [one, two] = [countingCrypto(), countingCrypto()];
    const made = await signed('ES256');
    for (const provider of [one, two, one, two]) {
      const verdict = await verifySealSignature({
        crypto: provider.crypto,
        algorithm: 'ES256',
        data,
        ...made,
      });
      expect(verdict).toBe(true);
    }
    expect([one, two].map(({ calls }) => calls('importKey'))).toEqual([1, 1]);
  });
});
