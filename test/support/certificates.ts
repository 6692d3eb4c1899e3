// A real certificate authority for tests, with native WebCrypto keys: SVIDs as SPIRE would issue them, and, by
// options, ones that it never would. For malformed DER there is raw-certificate.ts.
import 'reflect-metadata';
import * as x509 from '@peculiar/x509';
import type { CryptoKey } from '../../src/crypto.ts';

// From here, so that reflect-metadata is always loaded before.
export const { Extension, KeyUsageFlags } = x509;

export type TestKeyAlgorithm = 'P-256' | 'P-384' | 'P-521' | 'RSA-2048' | 'RSA-3072' | 'RSA-4096';

export interface TestCertificateOptions {
  /** The one URI SAN. For several, or for other names, there is `names`. */
  readonly spiffeId?: string | undefined;
  readonly names?: x509.JsonGeneralNames;
  readonly subject?: string;
  /** An hour ago by default. */
  readonly notBefore?: Date;
  /** In an hour by default. */
  readonly notAfter?: Date;
  readonly keyAlgorithm?: TestKeyAlgorithm;
  /** The certified key pair; a fresh one by default. */
  readonly keys?: CryptoKeyPair;
  /** Digest that the issuer signs with. */
  readonly hash?: 'SHA-1' | 'SHA-256' | 'SHA-384' | 'SHA-512';
  /** An RSA issuer signs with RSASSA-PSS instead of PKCS#1 v1.5. */
  readonly pss?: boolean;
  readonly isCa?: boolean;
  readonly pathLength?: number;
  /** `undefined` leaves the extension out. */
  readonly keyUsage?: x509.KeyUsageFlags | undefined;
  readonly isKeyUsageCritical?: boolean;
  readonly withKeyIds?: boolean;
  readonly extraExtensions?: readonly x509.Extension[];
}

export interface CryptoKeyPair {
  readonly publicKey: CryptoKey;
  readonly privateKey: CryptoKey;
}

export interface TestSvid {
  /** DER, leaf first, then the intermediates up to, and without, the root. */
  readonly chain: Uint8Array[];
  readonly key: CryptoKey;
  readonly keys: CryptoKeyPair;
}

const { subtle } = globalThis.crypto;
const hour = 3_600_000;

export async function generateKeys(algorithm: TestKeyAlgorithm = 'P-256'): Promise<CryptoKeyPair> {
  const parameters = algorithm.startsWith('P-')
    ? { name: 'ECDSA', namedCurve: algorithm }
    : {
        name: 'RSASSA-PKCS1-v1_5',
        modulusLength: Number(algorithm.slice('RSA-'.length)),
        publicExponent: new Uint8Array([1, 0, 1]),
        hash: 'SHA-256',
      };
  return subtle.generateKey(parameters, true, ['sign', 'verify']);
}

/** The same RSA key for another padding or digest: WebCrypto ties a key object to one of each. */
async function rsaKeyFor(
  key: CryptoKey,
  name: 'RSASSA-PKCS1-v1_5' | 'RSA-PSS',
  hash: string,
): Promise<CryptoKey> {
  return subtle.importKey('pkcs8', await subtle.exportKey('pkcs8', key), { name, hash }, true, ['sign']);
}

interface Issuer {
  readonly subject: string;
  readonly keys: CryptoKeyPair;
}

async function certificate(
  { subject, keys }: Issuer,
  issuer: Issuer,
  options: TestCertificateOptions & { readonly isCa: boolean },
): Promise<Uint8Array> {
  const { spiffeId, isCa, pathLength, hash = 'SHA-256', withKeyIds = true } = options;
  const names = options.names ?? (spiffeId === undefined ? [] : [{ type: 'url', value: spiffeId }]);
  const usage = 'keyUsage' in options ? options.keyUsage : defaultUsage(isCa);
  const extensions: x509.Extension[] = [new x509.BasicConstraintsExtension(isCa, pathLength, true)];
  if (usage !== undefined)
    extensions.push(new x509.KeyUsagesExtension(usage, options.isKeyUsageCritical ?? true));
  if (names.length > 0) extensions.push(new x509.SubjectAlternativeNameExtension(names, subject === ''));
  if (withKeyIds) {
    extensions.push(
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey, false, globalThis.crypto),
    );
    extensions.push(
      await x509.AuthorityKeyIdentifierExtension.create(issuer.keys.publicKey, false, globalThis.crypto),
    );
  }
  extensions.push(...(options.extraExtensions ?? []));

  const isRsa = issuer.keys.privateKey.algorithm.name.startsWith('RSA');
  const signingKey = !isRsa
    ? issuer.keys.privateKey
    : await rsaKeyFor(issuer.keys.privateKey, options.pss === true ? 'RSA-PSS' : 'RSASSA-PKCS1-v1_5', hash);
  const signingAlgorithm = isRsa ? signingKey.algorithm : { name: 'ECDSA', hash };
  const made = await x509.X509CertificateGenerator.create(
    {
      serialNumber: Buffer.from(
        globalThis.crypto.getRandomValues(new Uint8Array(16)).fill(0x11, 0, 1),
      ).toString('hex'),
      subject,
      issuer: issuer.subject,
      notBefore: options.notBefore ?? new Date(Date.now() - hour),
      notAfter: options.notAfter ?? new Date(Date.now() + hour),
      publicKey: keys.publicKey,
      signingKey,
      signingAlgorithm:
        options.pss === true ? { ...signingAlgorithm, saltLength: pssSalt[hash] } : signingAlgorithm,
      extensions,
    },
    globalThis.crypto,
  );
  return new Uint8Array(made.rawData);
}

const pssSalt = { 'SHA-1': 20, 'SHA-256': 32, 'SHA-384': 48, 'SHA-512': 64 } as const;

function defaultUsage(isCa: boolean): x509.KeyUsageFlags {
  return isCa
    ? x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign
    : x509.KeyUsageFlags.digitalSignature;
}

/** An authority: the root, or an intermediate below it. */
export class TestCa {
  readonly trustDomain: string;
  /** DER of the anchor. */
  readonly root: Uint8Array;
  /** DER of this authority's own certificate, the root's for the root. */
  readonly certificate: Uint8Array;
  /** What its subjects send along: this authority and those above it, without the root. */
  readonly intermediates: readonly Uint8Array[];
  readonly subject: string;
  readonly keys: CryptoKeyPair;

  constructor(own: Omit<TestCa, 'issue' | 'intermediate'>) {
    this.trustDomain = own.trustDomain;
    this.root = own.root;
    this.certificate = own.certificate;
    this.intermediates = own.intermediates;
    this.subject = own.subject;
    this.keys = own.keys;
  }

  /** Issues a leaf; without `spiffeId` (and `names`) it has no SAN at all. */
  async issue(options: TestCertificateOptions): Promise<TestSvid> {
    const keys = options.keys ?? (await generateKeys(options.keyAlgorithm));
    const subject = options.subject ?? 'C=US, O=SPIRE';
    const leaf = await certificate({ subject, keys }, this, { ...options, isCa: options.isCa ?? false });
    return { chain: [leaf, ...this.intermediates], key: keys.privateKey, keys };
  }

  /** Makes an authority below this one. Its SPIFFE ID is that of the trust domain, unless `spiffeId` is given. */
  async intermediate(options: TestCertificateOptions = {}): Promise<TestCa> {
    const keys = options.keys ?? (await generateKeys(options.keyAlgorithm));
    const subject = options.subject ?? `CN=Intermediate ${globalThis.crypto.randomUUID()}, O=SPIFFE`;
    const own = await certificate({ subject, keys }, this, {
      ...withTrustDomainId(options, this.trustDomain),
      isCa: options.isCa ?? true,
    });
    const { trustDomain, root } = this;
    return new TestCa({
      trustDomain,
      root,
      certificate: own,
      intermediates: [own, ...this.intermediates],
      subject,
      keys,
    });
  }
}

function withTrustDomainId(options: TestCertificateOptions, trustDomain: string): TestCertificateOptions {
  return 'spiffeId' in options || 'names' in options
    ? options
    : { ...options, spiffeId: `spiffe://${trustDomain}` };
}

/** Makes a self-signed root for a trust domain. */
export async function createTestCa(
  options: TestCertificateOptions & { readonly trustDomain: string },
): Promise<TestCa> {
  const { trustDomain } = options;
  const keys = options.keys ?? (await generateKeys(options.keyAlgorithm));
  const subject = options.subject ?? 'C=US, O=SPIFFE';
  const self = { subject, keys };
  const root = await certificate(self, self, {
    ...withTrustDomainId(options, trustDomain),
    isCa: options.isCa ?? true,
  });
  return new TestCa({ trustDomain, root, certificate: root, intermediates: [], subject, keys });
}

/** PEM of DER certificates, one block each. */
export function toPem(certificates: readonly Uint8Array[]): string {
  const block = (der: Uint8Array): string =>
    (
      Buffer.from(der)
        .toString('base64')
        .match(/.{1,64}/g) ?? []
    ).join('\n');
  return certificates
    .map((der) => `-----BEGIN CERTIFICATE-----\n${block(der)}\n-----END CERTIFICATE-----\n`)
    .join('');
}

/** PKCS#8 DER of a key that {@link TestCa} made. */
export async function toPkcs8(key: CryptoKey): Promise<Uint8Array> {
  return new Uint8Array(await subtle.exportKey('pkcs8', key));
}
