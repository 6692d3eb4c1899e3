// Certificates by the thousand: written field by field, signed at once with keys that exist already. What
// certificates.ts issues is what SPIRE would; here every field can be anything.
import {
  constants,
  createHash,
  createPublicKey,
  generateKeyPairSync,
  sign,
  type KeyObject,
  type SignKeyObjectInput,
} from 'node:crypto';
import * as w from './der-writer.ts';

export type KeyType =
  'P-224' | 'P-256' | 'P-384' | 'P-521' | 'Ed25519' | `RSA-${number}` | `RSA-${number}-e3`;

export interface KeyPair {
  readonly type: KeyType;
  readonly privateKey: KeyObject;
  /** DER of SubjectPublicKeyInfo. */
  readonly spki: Uint8Array;
  /** A digest of the key: only equality counts. */
  readonly keyId: Uint8Array;
}

const curves = {
  'P-224': 'secp224r1',
  'P-256': 'prime256v1',
  'P-384': 'secp384r1',
  'P-521': 'secp521r1',
} as const;

function isCurve(type: KeyType): type is keyof typeof curves {
  return type in curves;
}

function generate(type: KeyType): KeyObject {
  if (type === 'Ed25519') return generateKeyPairSync('ed25519').privateKey;
  if (isCurve(type)) return generateKeyPairSync('ec', { namedCurve: curves[type] }).privateKey;
  const [, bits, exponent] = type.split('-');
  const publicExponent = exponent === 'e3' ? 3 : 65537;
  return generateKeyPairSync('rsa', { modulusLength: Number(bits), publicExponent }).privateKey;
}

export function makeKeys(type: KeyType = 'P-256'): KeyPair {
  return keysOf(generate(type), type);
}

export function keysOf(privateKey: KeyObject, type: KeyType): KeyPair {
  const spki = new Uint8Array(createPublicKey(privateKey).export({ type: 'spki', format: 'der' }));
  return { type, privateKey, spki, keyId: new Uint8Array(createHash('sha1').update(spki).digest()) };
}

/** PKCS#8 DER. */
export function pkcs8Of({ privateKey }: KeyPair): Uint8Array {
  return new Uint8Array(privateKey.export({ type: 'pkcs8', format: 'der' }));
}

interface Algorithm {
  readonly identifier: Uint8Array;
  readonly hash: string | null;
  readonly padding?: Omit<SignKeyObjectInput, 'key'>;
}

const ecdsa = (oid: string, hash: string): Algorithm => ({ identifier: w.sequence(w.oid(oid)), hash });
const rsa = (oid: string, hash: string): Algorithm => ({
  identifier: w.sequence(w.oid(oid), w.nullValue),
  hash,
});

function pss(hash: string, hashOid: string, saltLength: number): Algorithm {
  const digest = w.sequence(w.oid(hashOid), w.nullValue);
  const mask = w.sequence(w.oid('1.2.840.113549.1.1.8'), digest);
  const parameters = [digest, mask, w.integer(saltLength)].map((each, index) => w.explicit(index, each));
  return {
    identifier: w.sequence(w.oid('1.2.840.113549.1.1.10'), w.sequence(...parameters)),
    hash,
    padding: { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength },
  };
}

export const signatureAlgorithms = {
  'ecdsa-sha1': ecdsa('1.2.840.10045.4.1', 'sha1'),
  'ecdsa-sha256': ecdsa('1.2.840.10045.4.3.2', 'sha256'),
  'ecdsa-sha384': ecdsa('1.2.840.10045.4.3.3', 'sha384'),
  'ecdsa-sha512': ecdsa('1.2.840.10045.4.3.4', 'sha512'),
  'rsa-md5': rsa('1.2.840.113549.1.1.4', 'md5'),
  'rsa-sha1': rsa('1.2.840.113549.1.1.5', 'sha1'),
  'rsa-sha256': rsa('1.2.840.113549.1.1.11', 'sha256'),
  'rsa-sha384': rsa('1.2.840.113549.1.1.12', 'sha384'),
  'rsa-sha512': rsa('1.2.840.113549.1.1.13', 'sha512'),
  'rsa-pss-sha256': pss('sha256', '2.16.840.1.101.3.4.2.1', 32),
  'rsa-pss-sha384': pss('sha384', '2.16.840.1.101.3.4.2.2', 48),
  'rsa-pss-short-salt': pss('sha256', '2.16.840.1.101.3.4.2.1', 20),
  ed25519: { identifier: w.sequence(w.oid('1.3.101.112')), hash: null },
} as const satisfies Record<string, Algorithm>;

export type SignatureAlgorithm = keyof typeof signatureAlgorithms;

/** What an authority with such a key signs with by default. */
function usualAlgorithm(type: KeyType): SignatureAlgorithm {
  if (type === 'Ed25519') return 'ed25519';
  if (type === 'P-384') return 'ecdsa-sha384';
  if (type === 'P-521') return 'ecdsa-sha512';
  return isCurve(type) ? 'ecdsa-sha256' : 'rsa-sha256';
}

/** Bits of keyUsage, the first being 0 (RFC 5280 section 4.2.1.3). */
export const usage = { digitalSignature: 0, keyAgreement: 4, keyCertSign: 5, crlSign: 6 } as const;

export const extensionOids = {
  subjectKeyId: '2.5.29.14',
  keyUsage: '2.5.29.15',
  subjectAltName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  nameConstraints: '2.5.29.30',
  policyConstraints: '2.5.29.36',
  authorityKeyId: '2.5.29.35',
  extendedKeyUsage: '2.5.29.37',
  unknown: '1.3.6.1.4.1.55738.666.1',
} as const;

export const uri = (text: string): Uint8Array => w.context(6, w.ascii(text));
export const dns = (text: string): Uint8Array => w.context(2, w.ascii(text));

export const extend = {
  basicConstraints: (isCa: boolean, pathLength?: number, isCritical = true): Uint8Array => {
    const limit = pathLength === undefined ? [] : [w.integer(pathLength)];
    return w.extension(
      extensionOids.basicConstraints,
      w.sequence(...(isCa ? [w.derTrue] : []), ...limit),
      isCritical,
    );
  },
  keyUsage: (bits: readonly number[], isCritical = true): Uint8Array => {
    const octet = bits.reduce((sum, bit) => sum | (0x80 >> bit), 0);
    const unused = octet === 0 ? 0 : 31 - Math.clz32(octet & -octet);
    const value = octet === 0 ? w.der(0x03, w.bytes(0)) : w.bitString(w.bytes(octet), unused);
    return w.extension(extensionOids.keyUsage, value, isCritical);
  },
  subjectAltName: (names: readonly Uint8Array[], isCritical = false): Uint8Array =>
    w.extension(extensionOids.subjectAltName, w.sequence(...names), isCritical),
  subjectKeyId: (id: Uint8Array): Uint8Array => w.extension(extensionOids.subjectKeyId, w.octetString(id)),
  authorityKeyId: (id: Uint8Array): Uint8Array =>
    w.extension(extensionOids.authorityKeyId, w.sequence(w.context(0, id))),
  /** Subtrees are GeneralNames. */
  nameConstraints: (permitted: readonly Uint8Array[], excluded: readonly Uint8Array[] = []): Uint8Array => {
    const lists = [permitted, excluded].flatMap((names, index) =>
      names.length === 0 ? [] : [w.explicit(index, ...names.map((name) => w.sequence(name)))],
    );
    return w.extension(extensionOids.nameConstraints, w.sequence(...lists), true);
  },
  extendedKeyUsage: (purposes: readonly string[], isCritical = false): Uint8Array =>
    w.extension(extensionOids.extendedKeyUsage, w.sequence(...purposes.map(w.oid)), isCritical),
  unknown: (isCritical: boolean): Uint8Array =>
    w.extension(extensionOids.unknown, w.octetString(w.bytes(1)), isCritical),
};

export interface Authority {
  /** DER of a Name. */
  readonly name: Uint8Array;
  readonly keys: KeyPair;
}

/** All fields of a certificate; {@link leafPlan} and {@link authorityPlan} make honest ones to change. */
export interface CertificatePlan {
  readonly version: number;
  readonly serial: readonly number[];
  readonly subject: Uint8Array;
  readonly spki: Uint8Array;
  readonly issuer: Authority;
  readonly notBefore: Date;
  readonly notAfter: Date;
  readonly algorithm: SignatureAlgorithm;
  readonly extensions: readonly Uint8Array[];
  /** The unsigned one after tbsCertificate, where it is to differ. */
  readonly outerAlgorithm?: SignatureAlgorithm;
}

export interface PlanOptions {
  readonly keys: KeyPair;
  readonly issuer: Authority;
  readonly notBefore: Date;
  readonly notAfter: Date;
  readonly names?: readonly Uint8Array[];
}

let lastSerial = 0;

function serial(): readonly number[] {
  lastSerial += 1;
  return [0x11, (lastSerial >> 16) & 255, (lastSerial >> 8) & 255, lastSerial & 255];
}

export function leafPlan(options: PlanOptions & { readonly subject?: Uint8Array }): CertificatePlan {
  const { keys, issuer, notBefore, notAfter, names = [], subject = w.commonName('workload') } = options;
  return {
    version: 2,
    serial: serial(),
    subject,
    spki: keys.spki,
    issuer,
    notBefore,
    notAfter,
    algorithm: usualAlgorithm(issuer.keys.type),
    extensions: [
      extend.keyUsage([usage.digitalSignature]),
      extend.basicConstraints(false),
      extend.subjectKeyId(keys.keyId),
      extend.authorityKeyId(issuer.keys.keyId),
      ...(names.length === 0 ? [] : [extend.subjectAltName(names)]),
    ],
  };
}

export function authorityPlan(
  options: PlanOptions & { readonly name: Uint8Array; readonly pathLength?: number },
): CertificatePlan {
  const { keys, issuer, name, pathLength, names = [] } = options;
  return {
    ...leafPlan({ ...options, subject: name }),
    extensions: [
      extend.keyUsage([usage.keyCertSign, usage.crlSign]),
      extend.basicConstraints(true, pathLength),
      extend.subjectKeyId(keys.keyId),
      extend.authorityKeyId(issuer.keys.keyId),
      ...(names.length === 0 ? [] : [extend.subjectAltName(names)]),
    ],
  };
}

/** The plan with each extension of the same kind replaced, and others added. */
export function withExtensions(plan: CertificatePlan, ...others: readonly Uint8Array[]): CertificatePlan {
  const kinds = others.map(kindOf);
  const kept = plan.extensions.filter((each) => !kinds.includes(kindOf(each)));
  return { ...plan, extensions: [...kept, ...others] };
}

export function withoutExtension(plan: CertificatePlan, oid: string): CertificatePlan {
  const kind = Buffer.from(w.oid(oid)).toString('hex');
  return { ...plan, extensions: plan.extensions.filter((each) => kindOf(each) !== kind) };
}

/** The extension's OBJECT IDENTIFIER, as hex: extensions here are shorter than 64 KiB. */
function kindOf(extension: Uint8Array): string {
  const [, length = 0] = extension;
  const start = length < 0x80 ? 2 : 2 + (length & 0x7f);
  return Buffer.from(extension.subarray(start, start + 2 + (extension[start + 1] ?? 0))).toString('hex');
}

/** Time of RFC 5280 section 4.1.2.5. */
function time(date: Date): Uint8Array {
  const digits = date.toISOString().replaceAll(/\D/g, '').slice(0, 14);
  return date.getUTCFullYear() < 2050 ? w.utcTime(`${digits.slice(2)}Z`) : w.generalizedTime(`${digits}Z`);
}

export function tbs(plan: CertificatePlan): Uint8Array {
  const { identifier } = signatureAlgorithms[plan.algorithm];
  return w.sequence(
    w.explicit(0, w.integer(plan.version)),
    w.integer(...plan.serial),
    identifier,
    plan.issuer.name,
    w.sequence(time(plan.notBefore), time(plan.notAfter)),
    plan.subject,
    plan.spki,
    ...(plan.extensions.length === 0 ? [] : [w.explicit(3, w.sequence(...plan.extensions))]),
  );
}

/** Signs bytes as a certificate's issuer would. */
export function signBytes(keys: KeyPair, algorithm: SignatureAlgorithm, data: Uint8Array): Uint8Array {
  const { hash, padding }: Algorithm = signatureAlgorithms[algorithm];
  return new Uint8Array(sign(hash, data, { key: keys.privateKey, ...padding }));
}

export function certificate(plan: CertificatePlan, body = tbs(plan)): Uint8Array {
  const outer = signatureAlgorithms[plan.outerAlgorithm ?? plan.algorithm].identifier;
  return w.sequence(body, outer, w.bitString(signBytes(plan.issuer.keys, plan.algorithm, body)));
}
