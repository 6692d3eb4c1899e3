import {
  inOrder,
  planner,
  staleEnding,
  unknownRoots,
  type Ending,
  type SealTimes,
  type Setting,
} from './plan.ts';
import {
  caLeftMs,
  dayMs,
  hourMs,
  longestSvidMs,
  longestSvidOfAllMs,
  longestTargetMs,
  shortestCaMs,
  shortestTargetMs,
  svidLeftMs,
  svidWithHalfMs,
  wholeHours,
} from './spire.ts';

/** Lifetimes as they stand in the configuration of a server and its agents, in milliseconds. */
export interface Lifetimes {
  readonly svidMs: number;
  readonly agentMs: number;
  readonly caMs: number;
  readonly availabilityTargetMs?: number;
}

/** spire-config/agent/daemonset.yaml. kubelet renews a projected token when a fifth of its life is left. */
const projectedTokenMs = 2 * hourMs;
/** Not to renew long SVIDs all the time. */
const renewalMs = dayMs;
const limitMs = longestTargetMs(longestSvidOfAllMs);

/** An agent at the edge, every server in the cloud: nothing is renewed while the link is cut. */
export const agentOnly = planner({
  way: 'agent',
  title: 'an agent at the edge, the server in the cloud',
  limitMs,
  beyondLimit: {
    why: 'SPIRE signs no SVID that is sure to live longer than 168h, and renews it 12h before at the latest',
    instead: 'a SPIRE server at the site',
  },
  lifetimesFor,
  settingsOf,
  endingsOf,
  always: [
    'A pod that is new has no identity until the link is back: its entry is not there.',
    'An agent that starts meanwhile, with its node or alone, serves nobody: it keeps no SVID on disk.',
    'An agent that attested by a join token and outlived its own SVID comes back with a new token only.',
  ],
});

/** The shorter SVID of two ways to have `offlineMs` left: renewal at half of its life, or an availability_target. */
function lifetimesFor(offlineMs: number): Lifetimes {
  const halved = Math.max(wholeHours(svidWithHalfMs(offlineMs)), hourMs);
  const targetMs = Math.max(wholeHours(offlineMs), shortestTargetMs);
  const aimed = Math.min(targetMs + renewalMs, longestSvidOfAllMs);
  const svidMs = Math.min(halved, aimed);
  // An agent that cannot renew its own SVID ends, and with it every SVID that it holds for others: no shorter a life.
  const lifetimes = { svidMs, agentMs: svidMs, caMs: Math.max(shortestCaMs(svidMs), dayMs) };
  return halved < aimed ? lifetimes : { ...lifetimes, availabilityTargetMs: targetMs };
}

function settingsOf({ svidMs, agentMs, caMs, availabilityTargetMs }: Lifetimes): readonly Setting[] {
  const target: Setting[] =
    availabilityTargetMs === undefined
      ? []
      : [
          {
            where: 'agent',
            key: 'availability_target',
            valueMs: availabilityTargetMs,
            why: 'renewed while this much is left, not at half',
          },
        ];
  return [
    {
      where: 'server',
      key: 'default_x509_svid_ttl',
      valueMs: svidMs,
      why: 'or `ttl` of the ClusterSPIFFEID, for those at the edge alone',
    },
    {
      where: 'server',
      key: 'agent_ttl',
      valueMs: agentMs,
      why: 'never shorter: an agent whose own SVID ends drops those of its workloads',
    },
    { where: 'server', key: 'ca_ttl', valueMs: caMs, why: 'six times an SVID, or SPIRE cuts SVIDs short' },
    ...target,
  ];
}

/** What ends when, for a server and agents with these lifetimes whose link is cut. */
export function endingsOf(lifetimes: Lifetimes, times: SealTimes): readonly Ending[] {
  const { caMs, availabilityTargetMs } = lifetimes;
  const [svidMs, agentMs] = [lifetimes.svidMs, lifetimes.agentMs].map((ttl) =>
    Math.min(ttl, longestSvidMs(caMs)),
  ) as [number, number];
  return inOrder([
    {
      what: 'projected token of an agent (k8s_psat)',
      effect: 'the agent cannot attest again before kubelet has a new one; x509pop needs none',
      earliestMs: projectedTokenMs / 5,
      latestMs: projectedTokenMs,
      breaks: false,
    },
    staleEnding(times),
    {
      what: "the worker's SVID",
      effect: 'it seals nothing, and waits; labels stay',
      earliestMs: svidLeftMs(svidMs, availabilityTargetMs),
      latestMs: svidMs,
      breaks: true,
    },
    {
      what: "the agent's own SVID",
      effect: 'the agent ends; who asks at its socket gets nothing, a master there accepts nothing',
      earliestMs: svidLeftMs(agentMs, availabilityTargetMs),
      latestMs: agentMs,
      breaks: true,
    },
    unknownRoots('the agent', caMs),
    {
      what: "the server's CA, where it is the server that is away",
      effect: 'it signs nothing any more, and its agents cannot attest',
      earliestMs: caLeftMs(caMs),
      latestMs: caMs,
      breaks: true,
    },
  ]);
}
