/**
 * How SPIRE 1.15 renews what it signs: the arithmetic of all lifetimes here, in milliseconds. Each rule names the file of
 * SPIRE's sources that it was read from.
 */

export const hourMs = 60 * 60_000;
export const dayMs = 24 * hourMs;

/** pkg/server/ca/manager/manager.go: the last sixth of a CA's life, 7 days at most, belongs to the next CA. */
const handOverDivisor = 6;
const longestHandOverMs = 7 * dayMs;
/** The same file: the next CA is made at half of the life, 30 days before its end at the earliest. */
const earliestRenewalMs = 30 * dayMs;

/** pkg/common/rotationutil: an availability_target counts where the life is more than this longer. */
const graceMs = 12 * hourMs;
/** pkg/server/credtemplate/builder.go: notBefore lies this long before the signing. */
const backdatedMs = 10_000;
/** pkg/common/rotationutil: half of the life, a tenth of that sooner or later. */
const halfLifeAtWorst = 0.45;

/** cmd/spire-agent/cli/run/run.go refuses a shorter availability_target. */
export const shortestTargetMs = 24 * hourMs;

/** The SVID that a CA of this life always outlives; a longer one is cut to the CA's end when the CA is old. */
export function longestSvidMs(caTtlMs: number): number {
  return Math.min(caTtlMs / handOverDivisor, longestHandOverMs);
}

/** The SVID that no CA's life makes longer. */
export const longestSvidOfAllMs = longestHandOverMs;

/** The life of a CA that never cuts an SVID of this one. */
export function shortestCaMs(svidTtlMs: number): number {
  return handOverDivisor * svidTtlMs;
}

/** The longest availability_target that an SVID of this life serves. */
export function longestTargetMs(svidTtlMs: number): number {
  return svidTtlMs - graceMs;
}

/** Whether SVIDs of this life are renewed by the target; others are renewed at half of their life. */
export function servesTarget(svidTtlMs: number, availabilityTargetMs: number): boolean {
  return svidTtlMs + backdatedMs - availabilityTargetMs > graceMs;
}

/** What an SVID has left at worst when nobody can renew it any more: at the moment before its renewal. */
export function svidLeftMs(svidTtlMs: number, availabilityTargetMs?: number): number {
  const halved = svidTtlMs * halfLifeAtWorst;
  if (availabilityTargetMs === undefined || !servesTarget(svidTtlMs, availabilityTargetMs)) return halved;
  // Whichever comes first.
  return Math.max(availabilityTargetMs, halved);
}

/** The shortest life whose half is, at worst, as long as this. */
export function svidWithHalfMs(leftMs: number): number {
  return leftMs / halfLifeAtWorst;
}

/** What a CA has left at worst when nobody can renew it any more. */
export function caLeftMs(caTtlMs: number): number {
  return Math.min(caTtlMs / 2, earliestRenewalMs);
}

/** The longest time that a CA is sure to have left, whatever its life. */
export const longestCaLeftMs = earliestRenewalMs;

/** From the publishing of a new root until something is signed with it, at least. */
export function rootAheadMs(caTtlMs: number): number {
  return caLeftMs(caTtlMs) - longestSvidMs(caTtlMs);
}

/** Rounded up: lifetimes are set in hours. */
export function wholeHours(ms: number): number {
  return Math.ceil(ms / hourMs) * hourMs;
}
