import type { FeaturesealError } from '../error.ts';
import type { X509Bundles, X509Svid } from '../spiffe/types.ts';

export type { X509Bundles, X509Svid };

/** Where a worker gets its identity. */
export interface SvidSource {
  /** The newest SVID; undefined while there is none (not attested yet, or revoked). */
  current(): X509Svid | undefined;
  /** What went wrong since the last good message; undefined when all is well. */
  lastError(): FeaturesealError | undefined;
  /** Calls back after every change, coalesced, the last one never lost. Returns the way to stop. */
  onChange(listener: () => void): () => void;
}

/** Where a master gets trust bundles. */
export interface BundleSource {
  /** The newest bundles; undefined while none arrived or after PermissionDenied. */
  current(): X509Bundles | undefined;
  /** What went wrong since the last good message: a lost stream, for example. undefined when all is well. */
  lastError(): FeaturesealError | undefined;
  onChange(listener: () => void): () => void;
}
