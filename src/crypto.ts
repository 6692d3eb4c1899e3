import type { webcrypto } from 'node:crypto';

/** A WebCrypto provider (W3C Web Cryptography API): Node's own, or @peculiar/webcrypto. Keys of one are unusable in another. */
export type Crypto = webcrypto.Crypto;
/** A key of such a provider. */
export type CryptoKey = webcrypto.CryptoKey;
