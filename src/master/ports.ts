import type { Crypto } from '../crypto.ts';
import type { ReasonCode } from '../error-codes.ts';
import type { Clock } from '../port/clock.ts';
import type { Leadership } from '../port/leadership.ts';
import type { Log } from '../port/log.ts';
import type { NodeFeatureFeed, ObjectKey } from '../port/node-feature-store.ts';
import type { NodeStore, NodeView } from '../port/node-store.ts';
import type { BundleSource } from '../port/svid-source.ts';
import type { DroppedLabel } from '../rule/node-plan.ts';

/** A verdict against an object. What stands here was checked for length; it is still somebody's text. */
export interface Refusal {
  readonly key: ObjectKey;
  /** UID of the object as the server gave it, for Events. */
  readonly uid?: string | undefined;
  readonly code: ReasonCode;
  readonly message: string;
  /** What the object claims of itself, where it can be read that far. */
  readonly signer?: string | undefined;
  readonly digest?: string | undefined;
}

/** What the loop tells about its work: to logs, metrics, Events and the audit trail. Must not throw. */
export interface MasterReport {
  verified(key: ObjectKey, signer: string): void;
  refused(refusal: Refusal): void;
  /** A verified contribution grew older than maxAge (true) or was renewed (false). */
  stale(key: ObjectKey, stale: boolean): void;
  /** A contribution ended: deleted, missing or withdrawn for longer than the grace. */
  lapsed(key: ObjectKey): void;
  /** An unverified event was dropped because more came than may wait. */
  overflowed(key: ObjectKey): void;
  patched(node: string, labels: number): void;
  patchFailed(node: string, code: ReasonCode, message: string): void;
  dropped(node: NodeView, labels: readonly DroppedLabel[]): void;
  markProblem(node: NodeView, problem: string): void;
  /** An nfd-master gave these labels and annotations of a Node of ours other values; `isNew`: it had kept still before. */
  overwritten(node: NodeView, keys: readonly string[], isNew: boolean): void;
  /** An object is about to be verified; what is returned is called when that is done. */
  verifying(): (verdict: 'accepted' | 'refused') => void;
}

/** Everything that the loop needs of the outside world. */
export interface MasterPorts {
  readonly feed: NodeFeatureFeed;
  readonly nodes: NodeStore;
  /** Undefined in mode off, which needs no Workload API. */
  readonly bundles: BundleSource | undefined;
  readonly leadership: Leadership;
  readonly report: MasterReport;
  readonly clock: Clock;
  readonly log: Log;
  readonly crypto: Crypto;
}
