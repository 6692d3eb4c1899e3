import { describe, expect, test } from '@jest/globals';
import { parsePublicKey } from '../../../src/spiffe/public-key.ts';
import { importSigningKey, signSeal } from '../../../src/spiffe/signing-key.ts';
import { pemBlocks } from '../../../src/spiffe/pem.ts';
import { verifySealSignature } from '../../../src/spiffe/signature.ts';
import { generateKeys, toPkcs8, type TestKeyAlgorithm } from '../../support/certificates.ts';
import { spkiOf } from '../../support/raw-certificate.ts';
import { reasonOf } from '../../support/reason.ts';

const { crypto } = globalThis;
const data = new TextEncoder().encode('to be signed');

async function pair(algorithm: TestKeyAlgorithm = 'P-256') {
  const { publicKey, privateKey } = await generateKeys(algorithm);
  return { publicKey: parsePublicKey(await spkiOf(publicKey)), key: await toPkcs8(privateKey), privateKey };
}

describe('importSigningKey', () => {
  test.each([
    ['P-256', 'ES256'],
    ['P-384', 'ES384'],
    ['RSA-2048', 'PS256'],
  ] as const)('%s signs %s, and cannot be read again', async (kind, algorithm) => {
    const { publicKey, key } = await pair(kind);
    const imported = await importSigningKey({ crypto, key, publicKey });
    expect(imported.algorithm).toBe(algorithm);
    expect(imported.key).toMatchObject({ extractable: false, usages: ['sign'] });
    const signature = await signSeal({ crypto, key: imported, data });
    expect(await verifySealSignature({ crypto, key: publicKey, algorithm, signature, data })).toBe(true);
  });

  test('a key that is handed on can be read again', async () => {
    const { publicKey, key } = await pair();
    const imported = await importSigningKey({ crypto, key, publicKey, extractable: true });
    expect(imported.key).toMatchObject({ extractable: true });
  });

  test('a key that nobody may seal with is not allowed', async () => {
    const { publicKey, key } = await pair('P-521');
    expect(await reasonOf(() => importSigningKey({ crypto, key, publicKey }))).toBe('key-not-allowed');
  });

  test('a key of another certificate does not match', async () => {
    const { publicKey } = await pair();
    const { key, privateKey } = await pair();
    expect(await reasonOf(() => importSigningKey({ crypto, key, publicKey }))).toBe('key-mismatch');
    expect(await reasonOf(() => importSigningKey({ crypto, key: privateKey, publicKey }))).toBe(
      'key-mismatch',
    );
  });

  test('RS256 is for verifying: nothing is signed with it', async () => {
    const { privateKey } = await pair('RSA-2048');
    const key = { algorithm: 'RS256', key: privateKey } as const;
    expect(await reasonOf(() => signSeal({ crypto, key, data }))).toBe('key-mismatch');
    await expect(signSeal({ crypto, key, data })).rejects.toThrow('which is for verifying only');
  });

  test('says that a key is no PKCS#8', async () => {
    const { publicKey } = await pair();
    const refusal = importSigningKey({ crypto, key: new Uint8Array(5), publicKey });
    await expect(refusal).rejects.toThrow('is not unencrypted PKCS#8 of the kind that the leaf names');
  });

  const pem = async (change: (text: string) => string) => {
    const { publicKey, key } = await pair();
    const text = change(pemBlocks('PRIVATE KEY', [key]));
    return reasonOf(() => importSigningKey({ crypto, key: text, publicKey }));
  };

  test.each<[string, (text: string) => string]>([
    ['one block', (text) => text],
    ['blank lines around', (text) => `\n \n${text}\n\n`],
    ['no line feed at the end', (text) => text.trimEnd()],
    ['CRLF', (text) => text.replaceAll('\n', '\r\n')],
  ])('PEM with %s is read', async (_, change) => {
    expect(await pem(change)).toBe('accepted');
  });

  test.each<[string, (text: string) => string]>([
    ['two blocks', (text) => text + text],
    ['text before it', (text) => `key\n${text}`],
    ['text after it', (text) => `${text}key`],
    ['an encrypted key', (text) => text.replaceAll('PRIVATE', 'ENCRYPTED PRIVATE')],
    ['a key of another form', (text) => text.replaceAll('PRIVATE', 'EC PRIVATE')],
    ['no end', (text) => text.replace(/-----END.*/s, '')],
    ['nothing in it', (text) => text.replace(/\n[^-]*\n/, '\n')],
    ['other characters', (text) => text.replace(/\n[^-]{3}/, '\n*_-')],
    ['no line feed after its begin', (text) => text.replace('\n', '')],
  ])('PEM with %s is refused', async (_, change) => {
    expect(await pem(change)).toBe('key-mismatch');
  });
});
