import type { AcceptedSeal } from '../seal/freshness.ts';
import { isWithdrawal, type Verdict } from './judge.ts';
import { accept, retryTime, type ObjectState } from './object-state.ts';
import type { MasterReport } from './ports.ts';

export interface ApplyContext {
  /** The newest acceptance of the object before this verdict. */
  readonly accepted: AcceptedSeal | undefined;
  readonly report: MasterReport;
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly deletionGraceMs: number;
}

/** Takes a verdict over into the state of its object: a good object replaces what stood there, a bad one is told. */
export function applyVerdict(state: ObjectState, verdict: Verdict, context: ApplyContext): void {
  const { report } = context;
  const { verified, admitted, refusal } = verdict;
  state.exists = true;
  if (refusal !== undefined) refuse(state, verdict, refusal, context);
  if (verified !== undefined) {
    const wasStale = state.stale;
    accept(state, verified);
    if (wasStale !== verified.stale) report.stale(state.key, verified.stale);
    report.verified(state.key, verified.spiffeId);
  }
  if (admitted !== undefined) accept(state, admitted);
}

function refuse(
  state: ObjectState,
  verdict: Verdict,
  { error: { code, message }, claim, uid }: NonNullable<Verdict['refusal']>,
  { accepted, report, now, deletionGraceMs }: ApplyContext,
): void {
  state.refusedBy = code;
  state.retryAt = retryTime(code, claim, now);
  report.refused({ key: state.key, uid, code, message, signer: claim?.signer, digest: claim?.digest });
  // What this process saw verified is withdrawn by its own chain alone; after a restart the object must do.
  if (state.labels !== undefined || !isWithdrawal(verdict, accepted, now)) return;
  state.withdrawn = true;
  state.lapsesAt ??= now + deletionGraceMs;
}
