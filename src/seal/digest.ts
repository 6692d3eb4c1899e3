import type { Crypto } from '../crypto.ts';
import { encodeBase64Url } from './base64.ts';

/** BASE64URL(SHA-256(bytes)). */
export async function sha256(crypto: Crypto, bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  return encodeBase64Url(new Uint8Array(await crypto.subtle.digest('SHA-256', bytes)));
}
