import type { webcrypto } from 'node:crypto';

/** The kinds of keys that SPIRE gives to workloads. */
export const keyTypes = ['ec-p256', 'ec-p384', 'rsa-2048'] as const;
export type KeyType = (typeof keyTypes)[number];

/** The digest that goes with the key, wherever it signs. */
type KeyAlgorithm = (webcrypto.EcKeyGenParams | webcrypto.RsaHashedKeyGenParams) & { readonly hash: string };

const rsa2048 = { modulusLength: 2048, publicExponent: Uint8Array.of(1, 0, 1), hash: 'SHA-256' };

/** For keys that sign data. */
export const workloadKeys: Readonly<Record<KeyType, KeyAlgorithm>> = {
  'ec-p256': { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' },
  'ec-p384': { name: 'ECDSA', namedCurve: 'P-384', hash: 'SHA-384' },
  'rsa-2048': { name: 'RSA-PSS', ...rsa2048 },
};

/** For keys that sign certificates: RSA with PKCS #1 v1.5 there, as everywhere. */
export const authorityKeys: Readonly<Record<KeyType, KeyAlgorithm>> = {
  ...workloadKeys,
  'rsa-2048': { name: 'RSASSA-PKCS1-v1_5', ...rsa2048 },
};
