import 'reflect-metadata';
import { Crypto as PeculiarCrypto } from '@peculiar/webcrypto';
import * as x509 from '@peculiar/x509';
import type { Crypto, CryptoKey } from '../crypto.ts';
import { authorityKeys, type KeyType } from './key-type.ts';

/**
 * Certificates are signed by another WebCrypto provider than the one that verifies them, so that the two check
 * each other (docs/decisions/crypto-providers.md). Its keys stay in this file.
 */
const provider: Crypto = new PeculiarCrypto();

/** RFC 5280 appendix A.1: id-at-serialNumber. */
const serialNumberAttribute = '2.5.4.5';

/** SPIRE dates certificates back by so much: clocks of a cluster differ. */
const backdateMs = 10_000;

export interface Validity {
  readonly now: number;
  readonly ttlMs: number;
}

interface AuthorityArguments extends Validity {
  readonly trustDomain: string;
  readonly keyType: KeyType;
}

interface LeafArguments extends Validity {
  readonly spiffeId: string;
  /** DER of a SubjectPublicKeyInfo. */
  readonly publicKey: ArrayBuffer;
}

interface Issuer {
  readonly certificate: x509.X509Certificate;
  readonly key: CryptoKey;
}

interface Subject extends Validity {
  /** Hexadecimal. */
  readonly serialNumber: string;
  readonly name: x509.JsonName;
  readonly uri: string;
  readonly publicKey: x509.PublicKey;
  readonly keyType: KeyType;
  readonly extensions: readonly x509.Extension[];
}

/** One signing key of a trust domain, with the certificates that lead to its root. */
export class CertificateAuthority {
  /** DER; goes into bundles. */
  readonly root: Uint8Array;
  readonly notBefore: Date;
  readonly notAfter: Date;
  /** DER, signer first, the root left out; goes into chains. */
  readonly #intermediates: readonly Uint8Array[];
  readonly #issuer: Issuer;
  readonly #keyType: KeyType;

  private constructor(root: Issuer, issuer: Issuer, keyType: KeyType) {
    this.root = new Uint8Array(root.certificate.rawData);
    this.notBefore = issuer.certificate.notBefore;
    this.notAfter = issuer.certificate.notAfter;
    this.#intermediates = issuer === root ? [] : [new Uint8Array(issuer.certificate.rawData)];
    this.#issuer = issuer;
    this.#keyType = keyType;
  }

  /** With `intermediate`, the root signs one intermediate, which signs everything else. */
  static async create(
    args: AuthorityArguments & { readonly intermediate: boolean },
  ): Promise<CertificateAuthority> {
    const root = await certify(args, undefined);
    const issuer = args.intermediate ? await certify(args, root) : root;
    return new CertificateAuthority(root, issuer, args.keyType);
  }

  /** DER chain of an X.509-SVID for this key, leaf first. The caller has decided that the ID is its owner's. */
  async issue({ spiffeId, publicKey, now, ttlMs }: LeafArguments): Promise<readonly Uint8Array[]> {
    const { KeyUsageFlags: usage, ExtendedKeyUsage: purpose } = x509;
    const usages = usage.digitalSignature | usage.keyEncipherment | usage.keyAgreement;
    const leaf = await sign(
      {
        serialNumber: newSerialNumber(),
        name: [{ O: ['Featureseal development identity'] }],
        uri: spiffeId,
        publicKey: new x509.PublicKey(publicKey),
        keyType: this.#keyType,
        now,
        ttlMs,
        extensions: [
          new x509.BasicConstraintsExtension(false, undefined, true),
          new x509.KeyUsagesExtension(usages, true),
          new x509.ExtendedKeyUsageExtension([purpose.serverAuth, purpose.clientAuth]),
        ],
      },
      this.#issuer,
    );
    return [new Uint8Array(leaf.rawData), ...this.#intermediates];
  }
}

/** A key and its CA certificate (X509-SVID section 4: cA, keyCertSign, a SPIFFE ID without path), self-signed without issuer. */
async function certify(args: AuthorityArguments, issuer: Issuer | undefined): Promise<Issuer> {
  const { trustDomain, keyType, now, ttlMs } = args;
  const keys = await provider.subtle.generateKey(authorityKeys[keyType], false, ['sign', 'verify']);
  const serialNumber = newSerialNumber();
  const subject: Subject = {
    serialNumber,
    name: [
      { O: ['Featureseal development identity'] },
      { CN: [issuer === undefined ? 'root' : 'intermediate'] },
      // As SPIRE's: CAs that follow each other have different names, and verifiers that go by names find the right one.
      { [serialNumberAttribute]: [BigInt(`0x${serialNumber}`).toString()] },
    ],
    uri: `spiffe://${trustDomain}`,
    publicKey: await x509.PublicKey.create(keys.publicKey, provider),
    keyType,
    now,
    ttlMs,
    extensions: [
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
    ],
  };
  return { certificate: await sign(subject, issuer ?? keys.privateKey), key: keys.privateKey };
}

async function sign(subject: Subject, issuer: Issuer | CryptoKey): Promise<x509.X509Certificate> {
  const signer = 'certificate' in issuer ? issuer.certificate : undefined;
  const notAfter = new Date(Math.min(subject.now + subject.ttlMs, signer?.notAfter.getTime() ?? Infinity));
  const { SubjectKeyIdentifierExtension, AuthorityKeyIdentifierExtension } = x509;
  return x509.X509CertificateGenerator.create(
    {
      serialNumber: subject.serialNumber,
      subject: subject.name,
      issuer: signer?.subjectName.toJSON() ?? subject.name,
      notBefore: new Date(subject.now - backdateMs),
      notAfter,
      publicKey: subject.publicKey,
      signingKey: 'certificate' in issuer ? issuer.key : issuer,
      signingAlgorithm: authorityKeys[subject.keyType],
      extensions: [
        ...subject.extensions,
        await SubjectKeyIdentifierExtension.create(subject.publicKey, false, provider),
        // A root names no authority over itself (RFC 5280 section 4.2.1.1 leaves it open; SPIRE's do not).
        ...(signer === undefined
          ? []
          : [await AuthorityKeyIdentifierExtension.create(signer.publicKey, false, provider)]),
        new x509.SubjectAlternativeNameExtension([{ type: 'url', value: subject.uri }]),
      ],
    },
    provider,
  );
}

/** 128 random bits, as SPIRE's: half of them take 17 octets in DER (RFC 5280 section 4.1.2.2: positive, at most 20 octets). */
function newSerialNumber(): string {
  return Buffer.from(provider.getRandomValues(new Uint8Array(16))).toString('hex');
}

/** The public key of a PKCS #10 request whose signature proves that the requester holds the private one; else undefined. */
export async function requestedKey(csr: Uint8Array): Promise<ArrayBuffer | undefined> {
  try {
    const request = new x509.Pkcs10CertificateRequest(Uint8Array.from(csr));
    return (await request.verify(provider)) ? request.publicKey.rawData : undefined;
  } catch {
    return undefined;
  }
}
