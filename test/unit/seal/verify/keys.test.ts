import { describe, expect, test } from '@jest/globals';
import { verifyNodeFeature } from '../../../../src/seal/verify.ts';
import type { TestSvid } from '../../../support/certificates.ts';
import { changed, issue, nodeFeature, rawSeal, seal } from '../../../support/sealing.ts';
import { useVerifier } from '../verifier.ts';

const { ca, good, verdict } = useVerifier();

describe('the keys of signers', () => {
  test.each(['P-256', 'P-384', 'RSA-2048', 'RSA-4096'] as const)('%s', async (keyAlgorithm) => {
    const signer = await issue(ca(), { keyAlgorithm });
    const key = new Uint8Array(await globalThis.crypto.subtle.exportKey('pkcs8', signer.key));
    const object = await seal(nodeFeature(), { ...signer, key } as unknown as TestSvid);
    expect(await verdict(object)).toBe('accepted');
    expect(await verdict(changed(object, ({ spec }) => (spec.labels = {})))).toBe('signature-invalid');
  });

  const rsaSeal = async (
    alg: string,
    parameters: { name: string; saltLength?: number },
    hash = 'SHA-256',
  ) => {
    const signer = await issue(ca(), { keyAlgorithm: 'RSA-2048' });
    const { subtle } = globalThis.crypto;
    const pkcs8 = await subtle.exportKey('pkcs8', signer.key);
    const key = await subtle.importKey('pkcs8', pkcs8, { name: parameters.name, hash }, false, ['sign']);
    const sign = async (data: Uint8Array) => new Uint8Array(await subtle.sign(parameters, key, data));
    return rawSeal(nodeFeature(), signer, { members: { alg }, sign });
  };

  test.each([
    ['RS256', 'accepted', 'RS256', { name: 'RSASSA-PKCS1-v1_5' }],
    ['PS256 with a salt of 32', 'accepted', 'PS256', { name: 'RSA-PSS', saltLength: 32 }],
    ['PS256 with a salt of 20', 'signature-invalid', 'PS256', { name: 'RSA-PSS', saltLength: 20 }],
    ['PS256 without salt', 'signature-invalid', 'PS256', { name: 'RSA-PSS', saltLength: 0 }],
    ['RS256 called PS256', 'signature-invalid', 'PS256', { name: 'RSASSA-PKCS1-v1_5' }],
    ['PS256 called RS256', 'signature-invalid', 'RS256', { name: 'RSA-PSS', saltLength: 32 }],
    ['ES256 under an RSA key', 'seal-algorithm', 'ES256', { name: 'RSASSA-PKCS1-v1_5' }],
  ])('RSA: %s is %s', async (_, outcome, alg, parameters) => {
    expect(await verdict(await rsaSeal(alg, parameters))).toBe(outcome);
  });

  test('RSA with SHA-512 called RS256 is refused', async () => {
    expect(await verdict(await rsaSeal('RS256', { name: 'RSASSA-PKCS1-v1_5' }, 'SHA-512'))).toBe(
      'signature-invalid',
    );
  });

  test('a key of another kind is told which algorithms it asks for', async () => {
    const rsa = await issue(ca(), { keyAlgorithm: 'RSA-2048' });
    const object = await rawSeal(nodeFeature(), rsa, { sign: async () => new Uint8Array(256) });
    await expect(verifyNodeFeature(object, good())).rejects.toThrow('PS256 or RS256, the header says ES256');
  });
});
