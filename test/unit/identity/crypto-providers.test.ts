import { webcrypto } from 'node:crypto';
import { Crypto as PeculiarCrypto } from '@peculiar/webcrypto';
import { describe, expect, test } from '@jest/globals';
import type { Crypto } from '../../../src/crypto.ts';
import { keyTypes, workloadKeys, type KeyType } from '../../../src/identity/key-type.ts';
import { verifySealSignature } from '../../../src/spiffe/signature.ts';
import { parsePublicKey, type SealAlgorithm } from '../../../src/spiffe/public-key.ts';

type Name = 'native' | 'peculiar';
const providers: Readonly<Record<Name, Crypto>> = { native: webcrypto, peculiar: new PeculiarCrypto() };

const algorithms: Readonly<Record<KeyType, SealAlgorithm>> = {
  'ec-p256': 'ES256',
  'ec-p384': 'ES384',
  'rsa-2048': 'PS256',
};
const data = new TextEncoder().encode('what both must read alike');

const cases = keyTypes.flatMap((keyType) =>
  (['native', 'peculiar'] as const).flatMap((signer) =>
    (['native', 'peculiar'] as const).map((verifier) => ({ keyType, signer, verifier })),
  ),
);

describe('two WebCrypto providers', () => {
  test.each(cases)(
    '$signer signs and $verifier verifies: $keyType',
    async ({ keyType, signer, verifier }) => {
      const { signature, spki } = await signed(signer, keyType);
      const check = (bytes: Uint8Array) =>
        verifySealSignature({
          crypto: providers[verifier],
          key: parsePublicKey(spki),
          algorithm: algorithms[keyType],
          signature,
          data: bytes,
        });
      expect(await check(data)).toBe(true);
      expect(await check(data.with(0, 0))).toBe(false);
    },
  );
});

async function signed(name: Name, keyType: KeyType): Promise<{ signature: Uint8Array; spki: Uint8Array }> {
  const { subtle } = providers[name];
  const { hash, ...algorithm } = workloadKeys[keyType];
  const keys = await subtle.generateKey({ ...algorithm, hash }, true, ['sign', 'verify']);
  const signature = await subtle.sign({ name: algorithm.name, hash, saltLength: 32 }, keys.privateKey, data);
  return {
    signature: new Uint8Array(signature),
    spki: new Uint8Array(await subtle.exportKey('spki', keys.publicKey)),
  };
}
