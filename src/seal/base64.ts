/**
 * Strict base64: the text must be what its bytes encode to. Node's decoder skips junk and tolerates padding, so that one
 * signature would have many spellings (RFC 7515 section 2, RFC 4648 section 3.5).
 *
 * @returns undefined where the text is not canonical
 */
export function decodeBase64(
  text: string,
  encoding: 'base64' | 'base64url',
): Uint8Array<ArrayBuffer> | undefined {
  const bytes = Buffer.from(text, encoding);
  return bytes.toString(encoding) === text ? bytes : undefined;
}

/** BASE64URL of RFC 7515 section 2: no padding. */
export function encodeBase64Url(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64url');
}
