import type { Random } from '../support/random.ts';
import { digestOf, payloadText, withMember } from '../support/seal-maker.ts';
import { withPlan, type Mark, type Scenario } from '../support/seal-cases/scenario.ts';
import { leafLife, noon } from '../support/seal-cases/world.ts';

const skew = 60_000;
const maxAge = 86_400_000;
const notBefore = leafLife.notBefore.getTime();
const notAfter = leafLife.notAfter.getTime();

/** What the rules about time look at. */
export interface Moment {
  readonly iat: number;
  readonly now: number;
  readonly digest: string;
  readonly mark: Mark | undefined;
  readonly nodeCreated: number | undefined;
  /** Of the leaf that the seal shows; its dates may have been tampered with. */
  readonly leaf: { readonly notBefore: Date; readonly notAfter: Date };
}

/** An expired leaf over what the mark holds: no path is asked for, and no news come of it. */
export function isNothingNew({ now, digest, mark, leaf }: Moment): boolean {
  return now > leaf.notAfter.getTime() && counting(mark, now)?.digest === digest;
}

/** The rules about time of docs/seal.md, steps 4 and 7: a second opinion. */
export function isInTime(moment: Moment): boolean {
  const { iat, now, digest, nodeCreated } = moment;
  const accepted = counting(moment.mark, now);
  if (!isNothingNew(moment) && !isValid(moment)) return false;
  if (iat > now + skew) return false;
  if (accepted === undefined) return nodeCreated === undefined || iat >= nodeCreated - skew;
  if (iat !== accepted.iat) return iat > accepted.iat;
  return accepted.digest === undefined || accepted.digest === digest;
}

function isValid({ iat, now, leaf }: Moment): boolean {
  const [first, last] = [leaf.notBefore.getTime(), leaf.notAfter.getTime()];
  return first <= now && now <= last && first - skew <= iat && iat <= last;
}

/** One from more than maxAge ahead counts as absent. */
function counting(mark: Mark | undefined, now: number): Mark | undefined {
  return mark !== undefined && mark.iat > now + maxAge ? undefined : mark;
}

/** The scenario at times next to an edge, and what must come of it. */
export function scheduled(
  honest: Scenario,
  random: Random,
): { readonly scenario: Scenario; readonly verdict: 'accept' | 'refuse' } {
  const near = (...edges: readonly number[]): number => random.pick(edges) + random.int(5) - 2;
  const now = near(notBefore, noon, notAfter);
  const iat = Math.max(1, near(notBefore - skew, noon, notAfter, now, now + skew));
  const plan = withMember(honest.plan, 'iat', iat);
  const digest = digestOf(payloadText(plan));
  const markDigest = random.pick([digest, digest, digestOf('other'), undefined]);
  const mark: Mark = {
    iat: Math.max(1, near(iat, iat, now + maxAge, noon - maxAge)),
    ...(markDigest === undefined ? {} : { digest: markDigest }),
    signer: honest.spiffeId,
  };
  const accepted = random.chance(0.3) ? undefined : mark;
  const nodeCreated = random.chance(0.5) ? near(iat + skew) : undefined;
  const scenario = { ...withPlan(honest, () => plan), now, accepted, nodeCreated };
  return {
    scenario,
    verdict: isInTime({ iat, now, digest, mark: accepted, nodeCreated, leaf: leafLife })
      ? 'accept'
      : 'refuse',
  };
}
