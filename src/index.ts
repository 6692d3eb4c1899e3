// What others may build on: docs/seal.md and docs/policy.md say what it means.
export { FeaturesealError, verificationStep } from './error.ts';
export { reasonCodes, type ReasonCode } from './error-codes.ts';
export type {
  AttributeFeature,
  Features,
  FlagFeature,
  InstanceElement,
  InstanceFeature,
} from './feature/features.ts';
export type { NodeFeature, NodeFeatureSpec } from './feature/node-feature.ts';
export { canonicalBytes, type CoveredKeys } from './feature/payload.ts';
export type { AcceptedSeal } from './seal/freshness.ts';
export { parsePolicy, type Policy } from './seal/policy.ts';
export { signNodeFeature, type SignOptions } from './seal/sign.ts';
export { SealTrust } from './seal/trust.ts';
export type { VerifiedNodeFeature } from './seal/verified.ts';
export { verifyNodeFeature, type VerifyOptions } from './seal/verify.ts';
export { parseBundleFile } from './spiffe/bundle.ts';
export { verifyCertificatePath } from './spiffe/path.ts';
export { parseSpiffeId, type SpiffeId } from './spiffe/spiffe-id.ts';
export { verifyX509Svid } from './spiffe/verify-svid.ts';
export { WorkloadApiClient } from './spiffe/workload-api/client.ts';
export { X509BundleSource, X509Source } from './spiffe/workload-api/source.ts';
