/** PEM (RFC 7468): a block for each DER, in lines of 64 characters. */
export function pemBlocks(label: 'CERTIFICATE' | 'PRIVATE KEY', ders: readonly Uint8Array[]): string {
  return ders.map((der) => block(label, der)).join('');
}

function block(label: string, der: Uint8Array): string {
  const lines =
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ''].join('\n');
}
