import { FeaturesealError } from '../error.ts';

/** Certificates as PEM text or as DER, leaf first where there is a leaf. */
export type CertificateInput = string | readonly Uint8Array[];

const begin = '-----BEGIN CERTIFICATE-----';
const end = '-----END CERTIFICATE-----';
const standardBase64 = /^[A-Za-z0-9+/]+={0,2}$/;

function refuse(why: string): FeaturesealError {
  return new FeaturesealError({ code: 'certificate-malformed', message: `not PEM certificates: ${why}` });
}

/**
 * Standard base64 (RFC 4648 section 4) that encodes back to the same text, or undefined. A lenient decoder skips
 * what it does not know, and then many texts are one certificate.
 */
export function decodeBase64(text: string): Uint8Array | undefined {
  if (!standardBase64.test(text)) return undefined;
  const decoded = Buffer.from(text, 'base64');
  return decoded.toString('base64') === text ? new Uint8Array(decoded) : undefined;
}

function certificatesFromPem(text: string): readonly Uint8Array[] {
  const certificates: Uint8Array[] = [];
  let body: string[] | undefined;
  for (const [index, rawLine] of text.split('\n').entries()) {
    const line = rawLine.endsWith('\r') ? rawLine.slice(0, -1) : rawLine;
    const at = `line ${index + 1}`;
    if (body === undefined) {
      if (line === begin) body = [];
      else if (line.trim() !== '')
        throw refuse(`${at} is outside of a CERTIFICATE block; remove every other text`);
    } else if (line === end) {
      const der = decodeBase64(body.join(''));
      if (der === undefined) throw refuse(`the block that ends at ${at} is not standard base64`);
      certificates.push(der);
      body = undefined;
    } else {
      body.push(line);
    }
  }
  if (body !== undefined) throw refuse('the last CERTIFICATE block has no end');
  return certificates;
}

/**
 * The DER of each certificate, in order. PEM (RFC 7468) may hold CERTIFICATE blocks and blank lines, nothing else:
 * a raw public key, a TRUSTED CERTIFICATE or a key in the wrong file is a mistake to tell, not to skip.
 * @throws FeaturesealError `certificate-malformed`
 */
export function certificatesFrom(input: CertificateInput): readonly Uint8Array[] {
  if (typeof input === 'string') return certificatesFromPem(input);
  if (Array.isArray(input) && input.every((der) => der instanceof Uint8Array)) return input;
  throw refuse('expected PEM text or an array of DER');
}

/** PEM (RFC 7468 section 2): a block for each DER, in lines of 64 characters, each block with its line feed. */
export function pemBlocks(label: 'CERTIFICATE' | 'PRIVATE KEY', ders: readonly Uint8Array[]): string {
  const block = (der: Uint8Array): string => {
    const base64 = Buffer.from(der).toString('base64');
    return `-----BEGIN ${label}-----\n${base64.replace(/.{1,64}/g, '$&\n')}-----END ${label}-----\n`;
  };
  return ders.map(block).join('');
}
