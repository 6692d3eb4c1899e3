import { FeaturesealError } from '../error.ts';
import { type Certificate, parseCertificate } from './certificate.ts';
import { type CertificateInput, certificatesFrom, decodeBase64 } from './pem.ts';

/** Authorities (PEM text or DER) by trust domain. */
export type Bundles = ReadonlyMap<string, CertificateInput>;

/**
 * The anchors of a bundle. A root with a key that the rules do not allow is left out, since nothing can be verified
 * under it; where no other is left its own error is thrown. A root that cannot be read refuses the whole bundle.
 * @throws FeaturesealError `bundle-missing` for an empty bundle, `certificate-malformed`, `key-not-allowed`
 */
export function parseRoots(bundle: readonly Uint8Array[]): readonly Certificate[] {
  if (bundle.length === 0)
    throw new FeaturesealError({ code: 'bundle-missing', message: 'the bundle is empty' });
  const roots: Certificate[] = [];
  let notAllowed: FeaturesealError | undefined;
  for (const der of bundle) {
    try {
      roots.push(parseCertificate(der));
    } catch (thrown) {
      if (!(thrown instanceof FeaturesealError) || thrown.code !== 'key-not-allowed') throw thrown;
      notAllowed = thrown;
    }
  }
  if (roots.length === 0 && notAllowed !== undefined) throw notAllowed;
  return roots;
}

/**
 * The anchors of one trust domain. Bundles are never pooled: the CA of a federated domain could then issue our IDs.
 * @throws FeaturesealError `bundle-missing`, and as {@link parseRoots}
 */
export function rootsOf(bundles: Bundles, trustDomain: string): readonly Certificate[] {
  const bundle = bundles.get(trustDomain);
  if (bundle !== undefined) return parseRoots(certificatesFrom(bundle));
  throw new FeaturesealError({
    code: 'bundle-missing',
    message: `there is no bundle for trust domain ${trustDomain}`,
  });
}

/** Key types that a JWK of a bundle may have (SPIFFE Trust Domain and Bundle, section 4.2.1). */
const keyTypes: ReadonlySet<unknown> = new Set(['RSA', 'EC']);

function refuse(message: string, cause?: unknown): FeaturesealError {
  return new FeaturesealError({ code: 'bundle-malformed', message, cause });
}

function isList(value: unknown): value is readonly unknown[] {
  return Array.isArray(value);
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !isList(value);
}

/**
 * The X.509 authorities of one trust domain from a file: PEM, or the JSON of a SPIFFE bundle (SPIFFE Trust Domain and
 * Bundle, section 4). An empty result means that the trust domain is not trusted.
 * @throws FeaturesealError `bundle-malformed`; `certificate-malformed` for faults of PEM
 */
export function parseBundleFile(text: string): readonly Uint8Array[] {
  return text.trimStart().startsWith('{') ? authoritiesFromJson(text) : certificatesFrom(text);
}

function authoritiesFromJson(text: string): readonly Uint8Array[] {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch (cause) {
    throw refuse('the bundle is not JSON', cause);
  }
  // Section 4.1.3: keys is required. A file without it is some other JSON, not a bundle without keys.
  const keys = isObject(document) ? document['keys'] : undefined;
  if (!isList(keys)) throw refuse('the bundle has no list of keys');
  return keys.flatMap(authority);
}

/** Section 4.2: entries of unknown kind or use are ignored, and so is an authority without certificate. */
function authority(entry: unknown): readonly Uint8Array[] {
  if (!isObject(entry)) throw refuse('a key of the bundle is not an object');
  if (!keyTypes.has(entry['kty']) || entry['use'] !== 'x509-svid') return [];
  const chain = entry['x5c'];
  if (!isList(chain) || chain.length === 0) return [];
  // Only the first is an authority; certificates that are merely sent along with it are not.
  const [first] = chain;
  const der = typeof first === 'string' ? decodeBase64(first) : undefined;
  if (der === undefined) throw refuse('a certificate of the bundle is not standard base64');
  return [der];
}
