import type { Lifetimes } from './agent-only.ts';
import { durationText } from './duration-text.ts';
import { longestSvidMs, servesTarget, shortestCaMs } from './spire.ts';

/** What SPIRE accepts, but not as it was meant. */
export function warningsOf({ svidMs, agentMs, caMs, availabilityTargetMs }: Lifetimes): readonly string[] {
  const longest = Math.max(svidMs, agentMs);
  const warnings: string[] = [];
  if (longest > longestSvidMs(caMs)) {
    const advice =
      longestSvidMs(shortestCaMs(longest)) < longest
        ? 'no ca_ttl is long enough'
        : `ca_ttl must be ${durationText(shortestCaMs(longest))}`;
    warnings.push(
      `SVIDs of ${durationText(longest)} are cut to the end of an old CA, to ${durationText(longestSvidMs(caMs))} at worst: ${advice}.`,
    );
  }
  if (agentMs < svidMs) {
    warnings.push("The agent's own SVID ends before those of its workloads: agent_ttl must be as long.");
  }
  if (availabilityTargetMs !== undefined && !servesTarget(svidMs, availabilityTargetMs)) {
    warnings.push(
      `availability_target has no effect on SVIDs of ${durationText(svidMs)}: they must live more than 12h longer than it.`,
    );
  }
  return warnings;
}
