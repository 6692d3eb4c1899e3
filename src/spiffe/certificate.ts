import { certificateScheme } from './certificate-signature.ts';
import { DerReader, malformed, onlyInside, tag } from './der.ts';
import { smallInteger, unsignedInteger, wholeBitString } from './der-values.ts';
import { type DistinguishedName, distinguishedName } from './distinguished-name.ts';
import { type Extensions, readExtensions } from './extensions.ts';
import { parsePublicKey, type PublicKey } from './public-key.ts';
import { readValidity } from './validity.ts';
import type { SignatureScheme } from './verify-key.ts';

/** A parsed X.509 v3 certificate. Nothing in it is verified yet. */
export interface Certificate {
  readonly der: Uint8Array;
  readonly notBefore: Date;
  readonly notAfter: Date;
  readonly publicKey: PublicKey;
  readonly issuer: DistinguishedName;
  readonly subject: DistinguishedName;
  readonly extensions: Extensions;
  /** DER of tbsCertificate: what the issuer signed. */
  readonly signed: Uint8Array;
  /** How the issuer signed, undefined for an algorithm outside the rules (SHA-1, MD5, Ed25519 and others). */
  readonly scheme: SignatureScheme | undefined;
  readonly signature: Uint8Array;
}

/** A whole chain in a seal is at most as long; nobody's certificate comes near it. */
const mostOctets = 32 * 1024;
const mostSerialOctets = 20;

/**
 * Parses one certificate (RFC 5280 section 4.1), strictly: DER only, version 3, every byte read. The bytes are
 * copied first, so that what is verified stays what was parsed.
 * @throws FeaturesealError `certificate-malformed`; `key-not-allowed` for a key that no certificate may carry
 */
export function parseCertificate(der: Uint8Array): Certificate {
  if (der.length > mostOctets) throw malformed(`longer than ${mostOctets} bytes`);
  const bytes = new Uint8Array(der);
  const certificate = onlyInside(bytes, tag.sequence, 'certificate');
  const signed = certificate.element(tag.sequence, 'tbsCertificate');
  const outerAlgorithm = certificate.element(tag.sequence, 'signatureAlgorithm');
  const signature = wholeBitString(certificate.element(tag.bitString, 'signature'), 'signature');
  certificate.end('certificate');

  const body = new DerReader(signed.content);
  readVersion(body);
  readSerialNumber(body);
  const innerAlgorithm = body.element(tag.sequence, 'signature algorithm');
  // RFC 5280 section 4.1.1.2: the outer one is not signed, so it must repeat the inner one.
  if (Buffer.compare(innerAlgorithm.raw, outerAlgorithm.raw) !== 0)
    throw malformed('two signature algorithms');

  const issuer = distinguishedName(body.element(tag.sequence, 'issuer'), 'issuer');
  const { notBefore, notAfter } = readValidity(body);
  const subject = distinguishedName(body.element(tag.sequence, 'subject'), 'subject');
  const publicKey = parsePublicKey(body.element(tag.sequence, 'public key').raw);
  // Unique identifiers ([1] and [2]) end here as trailing bytes: RFC 5280 section 4.1.2.8 forbids issuing them.
  const extensions = readExtensions(body.optional(tag.contextConstructed(3), 'extensions'));
  body.end('tbsCertificate');

  checkNames(issuer, subject, extensions);
  const scheme = certificateScheme(innerAlgorithm.raw);
  return {
    der: bytes,
    notBefore,
    notAfter,
    publicKey,
    issuer,
    subject,
    extensions,
    signed: signed.raw,
    scheme,
    signature,
  };
}

/** Versions 1 and 2 have no extensions, so nothing would say that the subject is no CA. */
function readVersion(body: DerReader): void {
  const field = body.inside(tag.contextConstructed(0), 'version');
  const version = smallInteger(field.element(tag.integer, 'version'), 'version');
  field.end('version');
  if (version !== 2) throw malformed('not version 3');
}

function readSerialNumber(body: DerReader): void {
  const serial = unsignedInteger(body.element(tag.integer, 'serialNumber'), 'serialNumber');
  if (serial.length > mostSerialOctets)
    throw malformed(`serialNumber longer than ${mostSerialOctets} octets`);
}

/** RFC 5280 sections 4.1.2.4 and 4.1.2.6: whoever issues has a name, and so has every subject, here or as a critical SAN. */
function checkNames(issuer: DistinguishedName, subject: DistinguishedName, extensions: Extensions): void {
  if (issuer.isEmpty) throw malformed('empty issuer');
  if (!subject.isEmpty) return;
  if (extensions.isCa) throw malformed('a CA without subject');
  if (!extensions.hasCriticalNames) throw malformed('neither subject nor critical subjectAltName');
}
