/** One block of textual encoding (RFC 7468 section 2), with its line feed. */
export function pemBlock(label: 'CERTIFICATE' | 'PRIVATE KEY', der: Uint8Array): string {
  const base64 = Buffer.from(der).toString('base64');
  return `-----BEGIN ${label}-----\n${base64.replace(/.{1,64}/g, '$&\n')}-----END ${label}-----\n`;
}

export function pemCertificates(chain: readonly Uint8Array[]): string {
  return chain.map((der) => pemBlock('CERTIFICATE', der)).join('');
}
