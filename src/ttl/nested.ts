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
  longestCaLeftMs,
  longestSvidMs,
  longestSvidOfAllMs,
  shortestCaMs,
  wholeHours,
} from './spire.ts';

/** Everything but the CA is renewed at the site, so these may be short: a ban is quick. */
const svidMs = hourMs;
const longestAgentMs = dayMs;
/** For the link to come back, and SVIDs that are not too short until then. */
const reserveMs = 12 * hourMs;
const shortestReserveMs = svidMs;

/** A server in the cloud cuts what it signs to the end of its own CA, so no nested CA is sure to live longer. */
const longestBelowSpireMs = longestSvidOfAllMs;
const longestCaMs = 2 * longestCaLeftMs;
const limitMs = longestCaLeftMs - shortestReserveMs;

interface Lifetimes {
  readonly caMs: number;
  readonly agentMs: number;
  /** Life of a SPIRE server's CA in the cloud; undefined where no such server can sign for long enough. */
  readonly upstreamCaMs: number | undefined;
}

/** A SPIRE server at the site with a CA from the cloud: while the CA lives, everything at the site goes on. */
export const nested = planner({
  way: 'nested',
  title: 'a nested SPIRE server at the site',
  limitMs,
  beyondLimit: {
    why: 'SPIRE renews a CA 30 days before its end at the earliest, whatever its life',
    instead: 'a trust domain of its own for the site, federated with the one in the cloud',
  },
  lifetimesFor,
  settingsOf,
  endingsOf,
  always: [
    'The agent through which the server reaches the cloud ends when its own SVID does, and comes back with the link: by x509pop without help, by a join token with a new one only.',
    'Agents at the site renew from the server at the site. By k8s_psat they need the API server as well: x509pop where that is in the cloud.',
    'A server at the site that starts meanwhile comes back with key and database of its disk, once the agent through which it reaches the cloud has started too; alone it ends again, five seconds after its start or, where packets are lost, some twenty later (SPIRE 1.15).',
    'What is new at the site needs an entry: its ClusterSPIFFEID is read from the API server.',
  ],
});

function lifetimesFor(offlineMs: number): Lifetimes {
  const wanted = wholeHours(2 * (offlineMs + reserveMs));
  const isBelowSpire = 2 * (offlineMs + shortestReserveMs) <= longestBelowSpireMs;
  const caMs = Math.min(wanted, isBelowSpire ? longestBelowSpireMs : longestCaMs);
  // Downwards: the CA never cuts an agent's SVID short in ordinary times.
  const agentMs = Math.min(longestAgentMs, Math.floor(longestSvidMs(caMs) / hourMs) * hourMs);
  return { caMs, agentMs, upstreamCaMs: isBelowSpire ? shortestCaMs(caMs) : undefined };
}

function settingsOf({ caMs, agentMs, upstreamCaMs }: Lifetimes): readonly Setting[] {
  const site = 'server at the site';
  const upstream: Setting =
    upstreamCaMs === undefined
      ? {
          where: 'CA in the cloud',
          key: 'life left, always',
          valueMs: caMs,
          why: 'no SPIRE server, which is sure of 168h only: cert-manager, Vault or a CA on disk (UpstreamAuthority)',
        }
      : {
          where: 'server in the cloud',
          key: 'ca_ttl',
          valueMs: upstreamCaMs,
          why: 'six times the nested CA, or it is cut short when this one is old',
        };
  return [
    { where: site, key: 'ca_ttl', valueMs: caMs, why: 'made anew at half: at least half is left at the cut' },
    { where: site, key: 'agent_ttl', valueMs: agentMs, why: 'a sixth of ca_ttl at most' },
    { where: site, key: 'default_x509_svid_ttl', valueMs: svidMs, why: 'renewed at the site all the time' },
    upstream,
  ];
}

function endingsOf({ caMs, agentMs, upstreamCaMs }: Lifetimes, times: SealTimes): readonly Ending[] {
  const earliestMs = caLeftMs(caMs);
  const shorter = (whose: string, lifeMs: number): Ending => ({
    what: `full life of ${whose}`,
    effect: 'SVIDs end with the CA from here on, and are renewed ever sooner; nothing else changes',
    earliestMs: earliestMs - lifeMs,
    latestMs: caMs - lifeMs,
    breaks: false,
  });
  return inOrder([
    staleEnding(times),
    shorter("agents' SVIDs", agentMs),
    shorter("workers' SVIDs", svidMs),
    {
      what: "the CA of the site's server, and every SVID below it",
      effect: 'agents end, workers seal nothing, and wait; labels stay',
      earliestMs,
      latestMs: caMs,
      breaks: true,
    },
    ...(upstreamCaMs === undefined ? [] : [unknownRoots('the site', upstreamCaMs)]),
  ]);
}
