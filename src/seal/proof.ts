import type { Crypto } from '../crypto.ts';
import { FeaturesealError } from '../error.ts';
import { quote } from '../feature/guard.ts';
import type { NodeFeatureSpec } from '../feature/node-feature.ts';
import type { ObjectFrame } from '../feature/parse.ts';
import { payloadBytes } from '../feature/payload.ts';
import { parseSpec } from '../feature/spec.ts';
import type { Bundles } from '../spiffe/bundle.ts';
import type { ParsedSvid } from '../spiffe/svid.ts';
import { checkAlgorithm } from './algorithm.ts';
import { sha256 } from './digest.ts';
import { readEnvelope, type Envelope } from './envelope.ts';
import { clockSkew, type AcceptedSeal } from './freshness.ts';
import { coveredNodeName } from './subject.ts';
import type { SealTrust } from './trust.ts';

/** What steps 1 to 5 judge by: no policy yet, and no freshness. */
export interface ProofOptions {
  readonly bundles: Bundles;
  /** The verifier's own. */
  readonly cluster: string;
  readonly now: Date;
  readonly accepted?: AcceptedSeal | undefined;
  readonly trust: SealTrust;
  readonly crypto: Crypto;
}

/** What steps 1 to 5 prove: who signed which content, and when by the signer's clock. */
export interface ProvenSeal {
  readonly spec: NodeFeatureSpec;
  /** From the covered label. */
  readonly node: string;
  readonly svid: ParsedSvid;
  /** Milliseconds since the epoch. */
  readonly iat: number;
  /** BASE64URL(SHA-256(payload)). */
  readonly digest: string;
  /** Milliseconds since the epoch until when the path holds; undefined where only the exception for an expired leaf let it pass. */
  readonly validUntil: number | undefined;
}

/**
 * Steps 1 to 5 of docs/seal.md, for an object whose namespace was looked at already. A signer runs them over its own
 * seal before it publishes; a verifier goes on with policy and freshness.
 *
 * @throws FeaturesealError with a code of steps 1 to 5
 */
export async function proveSeal(frame: ObjectFrame, options: ProofOptions): Promise<ProvenSeal> {
  const { trust, crypto } = options;
  const { spec, canonical } = parseSpec(frame.spec); // step 1

  const envelope = readEnvelope(frame); // step 2
  checkCluster(envelope, options.cluster);
  const node = coveredNodeName(frame);
  const payload = payloadBytes(frame, envelope.header.covered, canonical);

  const svid = trust.leafOf(envelope.header); // step 3
  checkAlgorithm(envelope.header.algorithm, svid.leaf.publicKey);

  // Steps 4 and 5 are nearly all arithmetic and need nothing of each other, so they run side by side.
  const digest = sha256(crypto, payload);
  const validUntil = provePathUnlessNothingNew(envelope, svid, digest, options); // step 4
  const signature = trust.proveSignature(envelope, svid, payload, digest); // step 5
  await allInOrder([validUntil, signature]);
  return { spec, node, svid, iat: envelope.header.iat, digest: await digest, validUntil: await validUntil };
}

/** Waits for all of them; then the first in this order that failed gives the reason, whichever failed first. */
async function allInOrder(proofs: readonly Promise<unknown>[]): Promise<void> {
  const outcomes = await Promise.allSettled(proofs);
  const failed = outcomes.find((outcome) => outcome.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}

/** A sibling cluster may share the trust domain and have a node of the same name (threat B5). */
function checkCluster({ header }: Envelope, cluster: string): void {
  if (header.cluster === cluster) return;
  const message = `the seal was made for cluster ${quote(header.cluster)}, not ${quote(cluster)}`;
  throw new FeaturesealError({ code: 'cluster-mismatch', message });
}

/**
 * The one exception to step 4: an expired leaf over content that is accepted already. It brings nothing new, so no path
 * is asked for; neither an outage of SPIRE nor a restart of the master in it takes labels away.
 */
async function provePathUnlessNothingNew(
  envelope: Envelope,
  svid: ParsedSvid,
  digest: Promise<string>,
  options: ProofOptions,
): Promise<number | undefined> {
  const { accepted, now } = options;
  const nothingNew = svid.leaf.notAfter < now && accepted?.digest === (await digest);
  return nothingNew ? undefined : provePath(envelope, svid, options);
}

/** Step 4: a path to a root of the leaf's own trust domain, and a seal made while the leaf was valid. */
async function provePath({ header }: Envelope, svid: ParsedSvid, options: ProofOptions): Promise<number> {
  const path = await options.trust.pathOf(header, svid, options.bundles, options.now);
  if (header.iat < svid.leaf.notBefore.getTime() - clockSkew || header.iat > svid.leaf.notAfter.getTime()) {
    throw new FeaturesealError({
      code: 'seal-outside-validity',
      message: 'iat is outside the validity of the leaf',
    });
  }
  return path.notAfter.getTime();
}
