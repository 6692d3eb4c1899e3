import type { Crypto } from '../crypto.ts';
import { FeaturesealError } from '../error.ts';
import { quote } from '../feature/guard.ts';
import { parseFrame, parseJsonObject, type ObjectFrame } from '../feature/parse.ts';
import type { Bundles } from '../spiffe/bundle.ts';
import { authorize } from './authorize.ts';
import { checkFreshness, countingSeal, defaultMaxAge, type AcceptedSeal } from './freshness.ts';
import { entryFor, type Policy, type PolicyEntry } from './policy.ts';
import { proveSeal } from './proof.ts';
import { SealTrust } from './trust.ts';
import { contributionOf, type Unbranded, type VerifiedNodeFeature } from './verified.ts';

export interface VerifyOptions {
  /** Certificates (PEM text or DER) by trust domain. */
  readonly bundles: Bundles;
  readonly policy: Policy;
  readonly now: Date;
  /** The mark's entry for this object, from the last acceptance. */
  readonly accepted?: AcceptedSeal | undefined;
  /** Creation of the Node; counts only where there is no mark. */
  readonly nodeCreated?: Date | undefined;
  /** Age in milliseconds beyond which an object is stale; default 24 h. */
  readonly maxAge?: number | undefined;
  /** Remembers chains and signatures between calls. */
  readonly trust?: SealTrust | undefined;
  readonly crypto?: Crypto | undefined;
}

/**
 * Verifies a sealed NodeFeature, always as mode enforce does; docs/seal.md, "Verification". KEP-1186's
 * VerifyDataSignature.
 *
 * @param nodeFeature an object or its JSON text
 * @throws FeaturesealError whose code names the first check that failed
 */
export async function verifyNodeFeature(
  nodeFeature: unknown,
  options: VerifyOptions,
): Promise<VerifiedNodeFeature> {
  return verifyParsed(parseJsonObject(nodeFeature), options);
}

/** As {@link verifyNodeFeature}, for a value that JSON.parse made and nobody else holds. */
export async function verifyParsed(value: unknown, options: VerifyOptions): Promise<VerifiedNodeFeature> {
  const { policy, bundles, maxAge = defaultMaxAge, crypto = globalThis.crypto } = options;
  const { trust = new SealTrust(crypto) } = options;
  const now = options.now.getTime();
  const accepted = countingSeal(options.accepted, { now, maxAge });

  const frame = parseFrame(value); // step 1
  const entry = namedByPolicy(frame, policy);
  const proof = { bundles, cluster: policy.cluster, now: options.now, accepted, trust, crypto };
  const proven = await proveSeal(frame, proof); // steps 1 to 5
  const { node, spec, iat, digest, svid, validUntil } = proven;
  // What comes in by the exception for an expired leaf brings nothing new: age and signer are those of the mark.
  const repeated = validUntil === undefined ? accepted : undefined;
  const signer = repeated === undefined || repeated.signer === '' ? svid.spiffeId : repeated.signer;
  // Nobody vouches for the leaf then, and anybody can make one with an ID that is allowed: what was said by a signer who is
  // not allowed any more must not live on under it.
  for (const spiffeId of new Set([svid.spiffeId, signer]))
    authorize({ spiffeId, node, name: frame.name, spec }, entry, policy); // step 6
  checkFreshness({ iat, digest, now, accepted, nodeCreated: options.nodeCreated?.getTime() }); // step 7

  const seal = repeated ?? { iat, digest, signer };
  const verified: Unbranded = {
    ...contributionOf(node, spec),
    trust: 'verified',
    namespace: frame.namespace,
    spiffeId: signer,
    iat: seal.iat,
    digest,
    stale: now - seal.iat > maxAge,
    accepted: seal,
    svid,
    validUntil,
  };
  // The one place where a VerifiedNodeFeature comes from.
  return verified as VerifiedNodeFeature;
}

/** Namespaces are how the policy tells signers apart; an object elsewhere has no signer (threats A2, A9). */
function namedByPolicy(frame: ObjectFrame, policy: Policy): PolicyEntry {
  const entry = entryFor(policy, frame.namespace);
  if (entry !== undefined) return entry;
  const message = `no policy entry names namespace ${quote(frame.namespace)}`;
  throw new FeaturesealError({ code: 'namespace-not-in-policy', message });
}
