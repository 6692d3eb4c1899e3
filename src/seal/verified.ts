import type { Features } from '../feature/features.ts';
import type { NodeFeatureSpec } from '../feature/node-feature.ts';
import type { ParsedSvid } from '../spiffe/svid.ts';
import { prefixedLabels } from './authorize.ts';
import type { AcceptedSeal } from './freshness.ts';

declare const verifiedBrand: unique symbol;

/** What an object contributes to its node, whether trusted or only admitted. */
export interface Contribution {
  readonly node: string;
  readonly features: Features;
  /** `spec.labels` with the default namespace added where a key had none. */
  readonly labels: Readonly<Record<string, string>>;
}

/**
 * What a NodeFeature says, taken from the very bytes whose seal was verified. Only `verifyNodeFeature` makes one, and
 * labels are computed from nothing else in mode enforce.
 */
export interface VerifiedNodeFeature extends Contribution {
  readonly [verifiedBrand]: never;
  readonly trust: 'verified';
  readonly namespace: string;
  /** SPIFFE ID of the signer. */
  readonly spiffeId: string;
  /** Signing time in milliseconds since the epoch; the mark's where the leaf has expired. */
  readonly iat: number;
  /** BASE64URL(SHA-256(payload)). */
  readonly digest: string;
  /** True where `iat` is more than `maxAge` ago: shown, kept. */
  readonly stale: boolean;
  /** The mark's entry for the next call. */
  readonly accepted: AcceptedSeal;
  /** Leaf and pool that the path was found with: asked again when bundles change. */
  readonly svid: ParsedSvid;
  /** Milliseconds since the epoch until when the path holds; undefined where the leaf had expired already. */
  readonly validUntil: number | undefined;
}

/** The same without the brand that only `verifyNodeFeature` may give. */
export type Unbranded = Omit<VerifiedNodeFeature, typeof verifiedBrand>;

/** What a NodeFeature says, taken at its word: modes audit and off only. */
export interface AdmittedNodeFeature extends Contribution {
  readonly trust: 'unverified';
  readonly namespace: string;
}

/** Features and labels of a spec, all three kinds present. */
export function contributionOf(node: string, spec: NodeFeatureSpec): Contribution {
  const { flags = {}, attributes = {}, instances = {} } = spec.features ?? {};
  return { node, features: { flags, attributes, instances }, labels: prefixedLabels(spec) };
}
