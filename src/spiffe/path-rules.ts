import type { ErrorDetails } from '../error.ts';
import type { ReasonCode } from '../error-codes.ts';
import type { Certificate } from './certificate.ts';
import { isTrustDomainId, trustDomainId } from './spiffe-id.ts';

/** Why a certificate cannot stand where it stands in a path. */
export type Fault = ErrorDetails;

const fault = (code: ReasonCode, message: string): Fault => ({ code, message });

/** The rules of RFC 5280 section 6.1.3 and 4.2 on the leaf itself. */
export function leafFault(leaf: Certificate, now: Date): Fault | undefined {
  return datesFault(leaf, now, 'the leaf') ?? extensionsFault(leaf, 'the leaf') ?? leafConstraintsFault(leaf);
}

/**
 * The rules on an issuer with `intermediates` certificates between it and the leaf, in the order of their codes; no signature is
 * checked here. Roots of a bundle keep them all, dates too: an anchor is trusted for what it says it is.
 */
export function issuerFault(
  issuer: Certificate,
  context: { readonly now: Date; readonly intermediates: number; readonly trustDomain: string | undefined },
): Fault | undefined {
  return (
    datesFault(issuer, context.now, 'an issuer') ??
    authorityFault(issuer) ??
    spiffeIdFault(issuer, context.trustDomain) ??
    pathLengthFault(issuer, context.intermediates) ??
    extensionsFault(issuer, 'an issuer')
  );
}

/** RFC 5280 section 4.1.2.5: both dates are inclusive, compared to the millisecond. */
function datesFault({ notBefore, notAfter }: Certificate, now: Date, who: string): Fault | undefined {
  if (now < notBefore)
    return fault('certificate-not-yet-valid', `${who} is not valid before ${notBefore.toISOString()}`);
  if (now > notAfter) return fault('certificate-expired', `${who} expired at ${notAfter.toISOString()}`);
  return undefined;
}

/** RFC 5280 sections 4.2.1.9 and 4.2.1.3, X.509-SVID section 4: without both, any workload could issue IDs. */
function authorityFault({ extensions: { isCa, keyUsage } }: Certificate): Fault | undefined {
  if (!isCa) return fault('issuer-not-ca', 'an issuer is not a CA');
  if (keyUsage?.keyCertSign !== true) return fault('issuer-key-usage', 'an issuer may not sign certificates');
  return undefined;
}

/** X.509-SVID section 3: the SPIFFE ID of a signing certificate is its trust domain and nothing more. */
function spiffeIdFault(
  { extensions: { names } }: Certificate,
  trustDomain: string | undefined,
): Fault | undefined {
  const uris = names.flatMap((name) => (name.form === 'uri' ? [name.text] : []));
  const [uri] = uris;
  if (uri === undefined) return undefined;
  const refused = fault(
    'issuer-spiffe-id',
    'an issuer has a URI SAN other than the one SPIFFE ID of the trust domain',
  );
  if (uris.length > 1) return refused;
  // A CA of another domain must not issue our IDs, even where an anchor of ours vouches for it.
  const isOwn = trustDomain === undefined ? isTrustDomainId(uri) : uri === trustDomainId(trustDomain);
  return isOwn ? undefined : refused;
}

/**
 * RFC 5280 section 4.2.1.9, counting self-issued intermediates too. The RFC leaves them out, for key rollover; common
 * verifiers count them, and a CA that was given no CA below it could otherwise make one under its own name.
 */
function pathLengthFault(
  { extensions: { pathLength } }: Certificate,
  intermediates: number,
): Fault | undefined {
  if (pathLength === undefined || intermediates <= pathLength) return undefined;
  return fault('path-length', `${intermediates} intermediates below an issuer that allows ${pathLength}`);
}

/** RFC 5280 section 4.2: what is critical and not understood refuses the certificate. */
function extensionsFault({ extensions: { unhandled } }: Certificate, who: string): Fault | undefined {
  const [oid] = unhandled;
  return oid === undefined ? undefined : fault('critical-extension', `${who} has the extension ${oid}`);
}

/** RFC 5280 section 4.2.1.10: only a CA may constrain names. */
function leafConstraintsFault({ extensions: { nameConstraints } }: Certificate): Fault | undefined {
  return nameConstraints === undefined ? undefined : fault('name-constraints', 'the leaf constrains names');
}
