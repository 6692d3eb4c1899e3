// Certificates put together field by field and signed for real, so that a test breaks one rule and nothing else.
import type { CryptoKey } from '../../src/crypto.ts';
import type { CryptoKeyPair } from './certificates.ts';
import * as w from './der-writer.ts';

export const oids = {
  subjectKeyIdentifier: '2.5.29.14',
  keyUsage: '2.5.29.15',
  subjectAltName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  nameConstraints: '2.5.29.30',
  authorityKeyIdentifier: '2.5.29.35',
  unknown: '1.3.6.1.4.1.55738.666.1',
} as const;

/** The fields of tbsCertificate as DER, in order; every one may be replaced. */
export interface RawFields {
  readonly version: Uint8Array;
  readonly serialNumber: Uint8Array;
  readonly algorithm: Uint8Array;
  readonly issuer: Uint8Array;
  readonly validity: Uint8Array;
  readonly subject: Uint8Array;
  readonly publicKey: Uint8Array;
  /** What stands between key and extensions: nothing, by rights. */
  readonly uniqueIds: Uint8Array;
  readonly extensions: Uint8Array;
}

const ecdsaWithSha256 = w.sequence(w.oid('1.2.840.10045.4.3.2'));
const year2026 = w.sequence(w.utcTime('260101000000Z'), w.utcTime('261231235959Z'));

/** `[3] Extensions`. */
export const extensions = (...list: readonly Uint8Array[]): Uint8Array => w.explicit(3, w.sequence(...list));

export const keyUsage = {
  digitalSignature: w.extension(oids.keyUsage, w.bitString(w.bytes(0x80), 7), true),
  keyCertSign: w.extension(oids.keyUsage, w.bitString(w.bytes(0x04), 2), true),
};
export const authority = w.extension(oids.basicConstraints, w.sequence(w.derTrue), true);

export function uriName(text: string): Uint8Array {
  return w.context(6, w.ascii(text));
}
export function subjectAltName(...names: readonly Uint8Array[]): Uint8Array {
  return w.extension(oids.subjectAltName, w.sequence(...names));
}

export async function spkiOf(key: CryptoKey): Promise<Uint8Array> {
  return new Uint8Array(await globalThis.crypto.subtle.exportKey('spki', key));
}

/** Fields of a leaf in year 2026, issued by `CN=Root` for `spiffe://example.org/a`. */
export async function leafFields(keys: CryptoKeyPair): Promise<RawFields> {
  return {
    version: w.explicit(0, w.integer(2)),
    serialNumber: w.integer(1),
    algorithm: ecdsaWithSha256,
    issuer: w.commonName('Root'),
    validity: year2026,
    subject: w.commonName('Leaf'),
    publicKey: await spkiOf(keys.publicKey),
    uniqueIds: w.bytes(),
    extensions: extensions(keyUsage.digitalSignature, subjectAltName(uriName('spiffe://example.org/a'))),
  };
}

/** Fields of a CA in year 2026, named `CN=Root` and self-issued. */
export async function rootFields(keys: CryptoKeyPair): Promise<RawFields> {
  return {
    ...(await leafFields(keys)),
    subject: w.commonName('Root'),
    extensions: extensions(authority, keyUsage.keyCertSign),
  };
}

export function tbsCertificate(fields: RawFields): Uint8Array {
  return w.sequence(
    fields.version,
    fields.serialNumber,
    fields.algorithm,
    fields.issuer,
    fields.validity,
    fields.subject,
    fields.publicKey,
    fields.uniqueIds,
    fields.extensions,
  );
}

/** Ecdsa-Sig-Value of a raw signature. */
export function ecdsaSignature(raw: Uint8Array): Uint8Array {
  const half = raw.length / 2;
  return w.sequence(unsigned(raw.subarray(0, half)), unsigned(raw.subarray(half)));
}

/** A number of these octets, as an INTEGER that is never negative. */
export function unsigned(octets: Uint8Array): Uint8Array {
  const start = octets.findIndex((octet) => octet !== 0);
  const trimmed = [...octets.subarray(start === -1 ? octets.length - 1 : start)];
  return w.integer(...((trimmed[0] ?? 0) >= 0x80 ? [0, ...trimmed] : trimmed));
}

/** Signs `tbs` by ECDSA with SHA-256, whatever its fields say. */
export async function signRaw(
  tbs: Uint8Array,
  issuer: CryptoKeyPair,
  outerAlgorithm = ecdsaWithSha256,
): Promise<Uint8Array> {
  const parameters = { name: 'ECDSA', hash: 'SHA-256' };
  const raw = new Uint8Array(await globalThis.crypto.subtle.sign(parameters, issuer.privateKey, tbs));
  return w.sequence(tbs, outerAlgorithm, w.bitString(ecdsaSignature(raw)));
}

export async function rawCertificate(fields: RawFields, issuer: CryptoKeyPair): Promise<Uint8Array> {
  return signRaw(tbsCertificate(fields), issuer, fields.algorithm);
}
