import type { Crypto } from '../crypto.ts';
import type { FeaturesealError } from '../error.ts';
import type { Discovery } from '../feature/features.ts';
import type { Clock } from '../port/clock.ts';
import type { OwnNodeFeature } from '../port/node-feature-store.ts';
import type { SvidSource } from '../port/svid-source.ts';

/** Why a seal is made. */
export type SealReason = 'started' | 'features-changed' | 'svid-rotated' | 'seal-aged' | 'object-changed';

/** What the loop tells about its work: to logs and metrics. Must not throw. */
export interface WorkerReport {
  published(reason: SealReason, iat: number, spiffeId: string): void;
  /** Nothing can be signed: no SVID, or an expired one. Told at every attempt. */
  waitingForIdentity(problem: FeaturesealError | undefined): void;
  publishFailed(error: FeaturesealError): void;
  /** A seal is about to be made and stored; what is returned is called when that is done. */
  publishing(): (outcome: 'stored' | 'failed') => void;
  /** The stored object is not the one that was published; it is put back. */
  objectChanged(): void;
}

/** What was found. */
export interface TimedDiscovery extends Discovery {
  /** From then on it would be something else, whatever the interval; milliseconds since the epoch. */
  readonly validUntil?: number;
}

/** Everything that the loop needs of the outside world. */
export interface WorkerPorts {
  readonly own: OwnNodeFeature;
  readonly svids: SvidSource;
  /** One discovery; rejects only when `signal` aborts. */
  readonly discover: (signal: AbortSignal) => Promise<TimedDiscovery>;
  /** Tells when a discovery would find something else, until `signal` aborts; where it is absent the interval alone does. */
  readonly watchSources?: (onChange: () => void, signal: AbortSignal) => Promise<void>;
  readonly report: WorkerReport;
  readonly clock: Clock;
  readonly crypto: Crypto;
  /** From 0 to 1. */
  readonly random: () => number;
}
