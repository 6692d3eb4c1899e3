import { FeaturesealError } from '../error.ts';

/**
 * A SPIFFE ID (SPIFFE-ID specification, section 2), taken apart. `path` is empty or begins with `/`;
 * `trustDomain` is the bare name, as in `example.org`.
 */
export interface SpiffeId {
  readonly trustDomain: string;
  readonly path: string;
}

const scheme = 'spiffe://';
const longestId = 2048;
const longestTrustDomain = 255;
const trustDomainText = /^[a-z0-9._-]+$/;
const segmentText = /^[a-zA-Z0-9._-]+$/;

/** Whether `text` is one segment of a SPIFFE ID's path (SPIFFE-ID section 2.2): the closed alphabet, not `.` or `..`. */
export function isPathSegment(text: string): boolean {
  return segmentText.test(text) && text !== '.' && text !== '..';
}

function isTrustDomain(text: string): boolean {
  return text.length <= longestTrustDomain && trustDomainText.test(text);
}

/** The SPIFFE ID of a trust domain itself: what a signing certificate may carry. */
export function trustDomainId(trustDomain: string): string {
  return scheme + trustDomain;
}

/** Whether `text` is the SPIFFE ID of a trust domain: well-formed and without a path. */
export function isTrustDomainId(text: string): boolean {
  return text.startsWith(scheme) && isTrustDomain(text.slice(scheme.length));
}

/**
 * Takes a SPIFFE ID apart, exactly as written. The text is never normalised: a URL parser turns `/node-b/../node-a`
 * into `/node-a`, and then one node speaks for another. No port, user, query, fragment, percent-encoding or
 * upper-case scheme is accepted, so two different texts are never the same ID.
 * @throws FeaturesealError `spiffe-id-invalid`
 */
export function parseSpiffeId(text: string): SpiffeId {
  const refuse = (why: string): FeaturesealError =>
    new FeaturesealError({ code: 'spiffe-id-invalid', message: `not a SPIFFE ID: ${why}` });

  if (typeof text !== 'string') throw refuse('not a text');
  if (text.length > longestId) throw refuse(`longer than ${longestId} bytes`);
  if (!text.startsWith(scheme)) throw refuse(`it does not begin with ${scheme}`);

  const [trustDomain = '', ...segments] = text.slice(scheme.length).split('/');
  if (!isTrustDomain(trustDomain)) {
    throw refuse('the trust domain is not 1 to 255 of lower-case letters, digits, dot, dash and underscore');
  }
  if (!segments.every(isPathSegment)) {
    throw refuse(
      'a path segment is empty, . or .., or holds other than letters, digits, dot, dash and underscore',
    );
  }
  return { trustDomain, path: segments.map((segment) => `/${segment}`).join('') };
}
