import type { ReasonCode } from '../error-codes.ts';
import { verificationStep } from '../error.ts';
import type { ObjectKey } from '../port/node-feature-store.ts';
import { clockSkew, type AcceptedSeal } from '../seal/freshness.ts';
import type { SealClaim } from '../seal/peek.ts';
import type { AdmittedNodeFeature, VerifiedNodeFeature } from '../seal/verified.ts';

const unknownWaitMs = 60_000;

/** What the master remembers of one object: never the object itself (100 kB of text are 400 kB of heap). */
export interface ObjectState {
  readonly key: ObjectKey;
  /** The node that its contribution goes to. */
  node: string;
  /** In force: the labels of the last good object. */
  labels?: Readonly<Record<string, string>> | undefined;
  /** Of the last verified object. */
  accepted?: AcceptedSeal | undefined;
  /** What its path was found with; undefined where it was never verified in this process. */
  proof?: Pick<VerifiedNodeFeature, 'svid' | 'validUntil'> | undefined;
  /** Why the object as stored now does not count; undefined where it does. */
  refusedBy?: ReasonCode | undefined;
  /** Milliseconds since the epoch from when on time alone may turn the refusal; undefined where it cannot. */
  retryAt?: number | undefined;
  /** Milliseconds since the epoch when the contribution ends: deleted, missing or withdrawn. */
  lapsesAt?: number | undefined;
  /** The accepted content itself has no path or no policy any more. */
  withdrawn: boolean;
  stale: boolean;
  /** False once it is deleted: what then remains is the memory of its mark. */
  exists: boolean;
}

export function newObjectState(key: ObjectKey): ObjectState {
  return { key, node: nodeOf(key), withdrawn: false, stale: false, exists: true };
}

/** In mode enforce an object speaks of the node that it is named after. */
export function nodeOf(key: ObjectKey): string {
  return key.slice(key.indexOf('/') + 1);
}

export function namespaceOf(key: ObjectKey): string {
  return key.slice(0, key.indexOf('/'));
}

/** A good object: it replaces whatever stood before, and all that was pending against it is over. */
export function accept(state: ObjectState, object: VerifiedNodeFeature | AdmittedNodeFeature): void {
  // An object that is taken at its word may name another node: its mark does not move along.
  if (state.node !== object.node) state.accepted = undefined;
  state.node = object.node;
  state.labels = object.labels;
  state.refusedBy = undefined;
  state.retryAt = undefined;
  state.lapsesAt = undefined;
  state.withdrawn = false;
  state.exists = true;
  if (object.trust !== 'verified') return;
  state.accepted = object.accepted;
  // What came in by the exception for an expired leaf proves nothing: it must not hide that a real path is lost.
  if (object.validUntil !== undefined || state.proof === undefined) {
    state.proof = { svid: object.svid, validUntil: object.validUntil };
  }
  state.stale = object.stale;
}

/** Another Node of that name: nothing that was accepted for the earlier one says anything of it (threat B6). */
export function startOver(state: ObjectState): void {
  state.labels = undefined;
  state.accepted = undefined;
  state.proof = undefined;
  state.lapsesAt = undefined;
  state.withdrawn = false;
}

/** The contribution ends at `at` unless a good object comes; an earlier end stays. */
export function lapseAt(state: ObjectState, at: number): void {
  if (state.labels !== undefined || state.withdrawn) state.lapsesAt ??= at;
}

/** What may turn a refusal into an acceptance without a new write; undefined: only a new write can. */
export function retryOn(code: ReasonCode | undefined): 'time' | 'bundle' | 'node' | undefined {
  if (code === undefined) return undefined;
  if (code === 'from-the-future' || code === 'certificate-not-yet-valid') return 'time';
  if (code === 'workload-api-unavailable' || verificationStep(code) === 4) return 'bundle';
  return code === 'node-unknown' ? 'node' : undefined;
}

/** From when on a refusal for its time is worth another look. */
export function retryTime(code: ReasonCode, claim: SealClaim | undefined, now: number): number | undefined {
  if (retryOn(code) !== 'time') return undefined;
  const moment =
    code === 'from-the-future' ? (claim?.iat ?? 0) - clockSkew : (claim?.leafNotBefore.getTime() ?? 0);
  // A certificate above the leaf may be the one that is not valid yet; who knows until when.
  return moment > now ? moment : now + unknownWaitMs;
}

/** The later of two acceptances; of two of one time the one that still knows its digest. */
export function newerOf(a: AcceptedSeal | undefined, b: AcceptedSeal | undefined): AcceptedSeal | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  if (a.iat !== b.iat) return a.iat > b.iat ? a : b;
  return a.digest === undefined ? b : a;
}

/**
 * Nothing may lean on the digest of what was withdrawn. Where only the stored object says so (after a restart) it could
 * be a forgery over the real one, so the digest stays until the grace is over.
 */
export function hasVoidDigest({ withdrawn, proof, lapsesAt }: ObjectState): boolean {
  return withdrawn && (proof !== undefined || lapsesAt === undefined);
}

export function withoutDigest(seal: AcceptedSeal | undefined): AcceptedSeal | undefined {
  return seal === undefined ? undefined : { iat: seal.iat, signer: seal.signer };
}
