import type { ObjectState } from './object-state.ts';
import type { MasterReport } from './ports.ts';
import type { MasterSettings } from './settings.ts';

export interface AgeingContext {
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly settings: MasterSettings;
  readonly report: MasterReport;
}

/**
 * What time alone does to an object: it gets stale, which is shown, and what was deleted, missing or withdrawn ends
 * with its grace.
 *
 * @returns true where its contribution ended
 */
export function ageObject(state: ObjectState, { now, settings, report }: AgeingContext): boolean {
  const isStale = state.labels !== undefined && now - (state.accepted?.iat ?? now) > settings.maxAgeMs;
  if (isStale && !state.stale) {
    state.stale = true;
    report.stale(state.key, true);
  }
  if (state.lapsesAt === undefined || now < state.lapsesAt) return false;
  state.labels = undefined;
  state.lapsesAt = undefined;
  report.lapsed(state.key);
  return true;
}
