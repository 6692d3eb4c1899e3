import type { Policy } from '../seal/policy.ts';

/** What the loop is told; durations in milliseconds. */
export interface MasterSettings {
  readonly policy: Policy;
  /** Age beyond which a verified object is shown as stale. */
  readonly maxAgeMs: number;
  /** How long what is deleted, missing or withdrawn still counts. */
  readonly deletionGraceMs: number;
  /** How often due times are looked at: graces, retries, staleness. */
  readonly tickMs: number;
  /** Nodes that are patched at the same time. */
  readonly parallelPatches: number;
  /** Namespace of this master; in modes audit and off its objects come first, as in NFD. */
  readonly namespace: string;
}

export const masterDefaults = {
  maxAgeMs: 24 * 60 * 60 * 1000,
  deletionGraceMs: 5 * 60 * 1000,
  tickMs: 5_000,
  parallelPatches: 16,
  namespace: 'featureseal',
} as const satisfies Omit<MasterSettings, 'policy'>;
