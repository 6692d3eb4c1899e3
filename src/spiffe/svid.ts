import { FeaturesealError } from '../error.ts';
import type { ReasonCode } from '../error-codes.ts';
import { type Certificate, parseCertificate } from './certificate.ts';
import { sealAlgorithms } from './public-key.ts';
import { parseSpiffeId, type SpiffeId } from './spiffe-id.ts';

/** An X.509-SVID whose leaf keeps the rules; its path to a root is not verified yet. */
export interface ParsedSvid {
  readonly leaf: Certificate;
  readonly spiffeId: string;
  readonly trustDomain: string;
  /** The other certificates that came with the leaf, in any order. */
  readonly pool: readonly Certificate[];
}

/** Far above every honest chain, and little enough to parse at once. */
const mostCertificates = 128;

function refuse(code: ReasonCode, message: string): FeaturesealError {
  return new FeaturesealError({ code, message });
}

/**
 * The rules of an X.509-SVID on its leaf (X.509-SVID specification, sections 2 to 5), before any signature.
 * @throws FeaturesealError with a code of step 3, or `path-too-much-work` for a chain of more than 128 certificates
 */
export function parseX509Svid(chain: readonly Uint8Array[]): ParsedSvid {
  const { leaf, pool } = parseChain(chain);
  const spiffeId = onlyUri(leaf);
  const id = parseSpiffeId(spiffeId);
  checkWorkload(id);
  checkEndEntity(leaf);

  // Section 4.3: keyUsage is there, critical, and allows to sign data. A certificate for key agreement signs nothing.
  const { keyUsage } = leaf.extensions;
  if (keyUsage?.digitalSignature !== true || !keyUsage.isCritical) {
    throw refuse('svid-key-usage', 'the leaf has no critical keyUsage with digitalSignature');
  }
  if (sealAlgorithms(leaf.publicKey).length === 0) {
    throw refuse('key-not-allowed', 'the key of the leaf is not P-256, P-384 or RSA of 2048 to 4096 bits');
  }
  return { leaf, spiffeId, trustDomain: id.trustDomain, pool };
}

/** Parses all of a chain: who sends a certificate that nobody can read sends nothing that anybody should. */
export function parseChain(chain: readonly Uint8Array[]): {
  leaf: Certificate;
  pool: readonly Certificate[];
} {
  if (chain.length > mostCertificates) {
    throw refuse('path-too-much-work', `more than ${mostCertificates} certificates in the chain`);
  }
  const [leaf, ...pool] = chain.map(parseCertificate);
  if (leaf === undefined) throw refuse('certificate-malformed', 'there is no certificate');
  return { leaf, pool };
}

/** Sections 4.1 and 4.3: a certificate that signs certificates never speaks for a workload. */
export function checkEndEntity({ extensions: { isCa, keyUsage } }: Certificate): void {
  if (isCa) throw refuse('svid-is-ca', 'the leaf is a CA');
  if (keyUsage?.keyCertSign === true || keyUsage?.crlSign === true) {
    throw refuse('svid-key-usage', 'the leaf may sign certificates or revocation lists');
  }
}

/** Section 2: exactly one URI SAN. With two, one verifier reads the first and another the second. */
function onlyUri({ extensions: { names } }: Certificate): string {
  const uris = names.flatMap((name) => (name.form === 'uri' ? [name.text] : []));
  const [uri] = uris;
  if (uri === undefined || uris.length > 1) {
    throw refuse('svid-uri-san', `the leaf has ${uris.length} URI SANs instead of one`);
  }
  return uri;
}

function checkWorkload({ path }: SpiffeId): void {
  // Section 3: a leaf's ID has a path; the bare trust domain is the CA's own name.
  if (path === '') throw refuse('spiffe-id-no-path', 'the SPIFFE ID of the leaf has no path');
  // SPIRE keeps /spire/ for its agents and servers: an agent is not a workload.
  if (path.startsWith('/spire/')) {
    throw refuse('spiffe-id-reserved', 'the SPIFFE ID of the leaf is under /spire/');
  }
}
