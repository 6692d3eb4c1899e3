import type { ReasonCode } from '../../../src/error-codes.ts';
import type { NodeFeature } from '../../../src/feature/node-feature.ts';
import type { Policy } from '../../../src/seal/policy.ts';
import { verifyNodeFeature, type VerifyOptions } from '../../../src/seal/verify.ts';
import type { TestCa, TestSvid } from '../../support/certificates.ts';
import { prepared } from '../../support/prepared.ts';
import { reasonOf } from '../../support/reason.ts';
import { bundlesOf, issue, nodeFeature, noon, rootCa, seal, testPolicy } from '../../support/sealing.ts';

export type Verdict = ReasonCode | 'accepted';

interface Verifier {
  readonly ca: () => TestCa;
  /** Of the worker of node-a. */
  readonly svid: () => TestSvid;
  /** What it sealed at noon; `good` accepts it. */
  readonly sealed: () => NodeFeature;
  /** What a verifier knows of this authority, at noon. */
  readonly good: () => VerifyOptions;
  readonly verdict: (object: unknown, options?: Partial<VerifyOptions>) => Promise<Verdict>;
  /** The verdict on what a workload with this ID sealed, where the policy is this one. */
  readonly signedBy: (spiffeId: string, object?: NodeFeature, policy?: Policy) => Promise<Verdict>;
}

/** One authority, and who verifies by it, for the tests of a file. */
export function useVerifier(object = nodeFeature()): Verifier {
  const made = prepared(async () => {
    const ca = await rootCa();
    const svid = await issue(ca);
    const good = { bundles: bundlesOf(ca), policy: testPolicy(), now: new Date(noon) };
    return { ca, svid, sealed: await seal(object, svid), good };
  });
  const verdict: Verifier['verdict'] = (given, options = {}) =>
    reasonOf(() => verifyNodeFeature(given, { ...made().good, ...options }));
  return {
    ca: () => made().ca,
    svid: () => made().svid,
    sealed: () => made().sealed,
    good: () => made().good,
    verdict,
    signedBy: async (spiffeId, given = nodeFeature(), policy = made().good.policy) =>
      verdict(await seal(given, await issue(made().ca, { spiffeId })), { policy }),
  };
}

/** The policy of these tests with this ID for the worker, and with what else its entry says. */
export function policyFor(spiffeId: string, more: string): Policy {
  return testPolicy((text) =>
    text
      .replace('"spiffe://example.org/featureseal/worker/{cluster}/{node}"', `"${spiffeId}"`)
      .replace('namespace: featureseal', `namespace: featureseal\n    ${more}`),
  );
}
