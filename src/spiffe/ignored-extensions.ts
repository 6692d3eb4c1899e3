import { type DerReader, malformed, onlyElement, onlyInside, tag } from './der.ts';
import { objectIdentifier, smallInteger } from './der-values.ts';

/**
 * Extensions that decide nothing here and yet have to be read: a certificate with a broken one is refused by other
 * verifiers, and what one verifier accepts and another refuses is where attacks hide.
 */
type Check = (value: Uint8Array, what: string) => void;

const certificatePolicies = '2.5.29.32';
const anyPolicy = '2.5.29.32.0';
const policyConstraints = '2.5.29.36';
const extendedKeyUsage = '2.5.29.37';

const checks: ReadonlyMap<string, Check> = new Map<string, Check>([
  ['2.5.29.31', checkDistributionPoints],
  [certificatePolicies, checkPolicies],
  ['2.5.29.33', checkPolicyMappings],
  [policyConstraints, checkPolicyConstraints],
  [extendedKeyUsage, checkExtendedKeyUsage],
  ['2.5.29.54', (value, what) => void smallInteger(onlyElement(value, tag.integer, what), what)],
  ['1.3.6.1.5.5.7.1.1', checkAccessDescriptions],
]);

/** Extensions that RFC 5280 (sections 4.2.1.1, 4.2.1.2 and 4.2.2.1) forbids to mark critical. */
export const neverCritical: ReadonlySet<string> = new Set(['2.5.29.35', '2.5.29.14', '1.3.6.1.5.5.7.1.1']);

/**
 * Whether the extension may be critical though nothing is decided by it: extendedKeyUsage, because no purpose is
 * defined for sealing, and certificatePolicies, because every policy will do.
 */
export function mayBeCritical(oid: string): boolean {
  return oid === extendedKeyUsage || oid === certificatePolicies;
}

/** policyConstraints, critical or not: no policy is asked for here, so a CA that requires one is not followed. */
export function isRefused(oid: string): boolean {
  return oid === policyConstraints;
}

/** Checks the syntax of an extension that is known; a private one may hold any bytes. */
export function checkIgnoredExtension(oid: string, value: Uint8Array): void {
  checks.get(oid)?.(value, `extension ${oid}`);
}

function forEachSequence(value: Uint8Array, what: string, check: (reader: DerReader) => void): void {
  const list = onlyInside(value, tag.sequence, what);
  while (!list.isEmpty) check(list.inside(tag.sequence, what));
}

/** RFC 5280 section 4.2.1.13: distribution points, each with a full name or none. */
function checkDistributionPoints(value: Uint8Array, what: string): void {
  forEachSequence(value, what, (point) => {
    const name = point.optional(tag.contextConstructed(0), what);
    if (name !== undefined) onlyElement(name.content, tag.contextConstructed(0), what);
    point.optional(tag.context(1), what);
    point.optional(tag.contextConstructed(2), what);
    point.end(what);
  });
}

/** RFC 5280 section 4.2.1.4: no policy twice. */
function checkPolicies(value: Uint8Array, what: string): void {
  const seen = new Set<string>();
  forEachSequence(value, what, (policy) => {
    const oid = objectIdentifier(policy.element(tag.objectIdentifier, what), what);
    if (seen.has(oid)) throw malformed(`${what}: policy ${oid} twice`);
    seen.add(oid);
    policy.optional(tag.sequence, what);
    policy.end(what);
  });
}

/** RFC 5280 section 4.2.1.5: anyPolicy is mapped neither way. */
function checkPolicyMappings(value: Uint8Array, what: string): void {
  forEachSequence(value, what, (mapping) => {
    for (const side of ['issuer', 'subject']) {
      const oid = objectIdentifier(mapping.element(tag.objectIdentifier, what), what);
      if (oid === anyPolicy) throw malformed(`${what}: anyPolicy as ${side} policy`);
    }
    mapping.end(what);
  });
}

/** RFC 5280 section 4.2.1.11. */
function checkPolicyConstraints(value: Uint8Array, what: string): void {
  const reader = onlyInside(value, tag.sequence, what);
  for (const number of [0, 1]) {
    const skipCertificates = reader.optional(tag.context(number), what);
    if (skipCertificates !== undefined) smallInteger(skipCertificates, what);
  }
  reader.end(what);
}

/** RFC 5280 section 4.2.1.12. */
function checkExtendedKeyUsage(value: Uint8Array, what: string): void {
  const list = onlyInside(value, tag.sequence, what);
  if (list.isEmpty) throw malformed(`${what}: no purpose`);
  while (!list.isEmpty) objectIdentifier(list.element(tag.objectIdentifier, what), what);
}

/** RFC 5280 section 4.2.2.1. */
function checkAccessDescriptions(value: Uint8Array, what: string): void {
  forEachSequence(value, what, (description) => {
    objectIdentifier(description.element(tag.objectIdentifier, what), what);
    description.any(what);
    description.end(what);
  });
}
