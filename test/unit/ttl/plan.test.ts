import { describe, expect, test } from '@jest/globals';
import { agentOnly, endingsOf } from '../../../src/ttl/agent-only.ts';
import { nested } from '../../../src/ttl/nested.ts';
import type { Ending, Plan } from '../../../src/ttl/plan.ts';
import { dayMs, hourMs, longestSvidMs } from '../../../src/ttl/spire.ts';
import { warningsOf } from '../../../src/ttl/warnings.ts';

const times = { maxAgeMs: dayMs, resignIntervalMs: hourMs };

/** `where key` to hours. */
function settings(plan: Plan): Readonly<Record<string, number>> {
  if (!plan.possible) throw new Error(plan.why);
  return Object.fromEntries(
    plan.settings.map(({ where, key, valueMs }) => [`${where} ${key}`, valueMs / hourMs]),
  );
}

const hoursOf = ({ what, earliestMs, latestMs }: Ending): readonly unknown[] => [
  what,
  earliestMs / hourMs,
  latestMs / hourMs,
];
const breaking = (plan: Plan): readonly (readonly unknown[])[] =>
  plan.possible ? plan.endings.filter(({ breaks }) => breaks).map(hoursOf) : [];

describe('an agent alone', () => {
  test.each([
    // hours offline, SVID, CA, target: half of the life less a tenth
    [1, 3, 24, undefined],
    [3, 7, 42, undefined],
    [12, 27, 162, undefined],
    // 47 h at half, 48 h by the shortest target there is
    [21, 47, 282, undefined],
    [22, 48, 288, 24],
    [24, 48, 288, 24],
    [72, 96, 576, 72],
    [144, 168, 1008, 144],
    // At the end of the possible, 12 h between
    [156, 168, 1008, 156],
  ])('for %dh has SVIDs of %dh, a CA of %dh, target %s', (offline, svid, ca, target) => {
    const plan = agentOnly(offline * hourMs, times);
    expect(settings(plan)).toEqual({
      'server default_x509_svid_ttl': svid,
      'server agent_ttl': svid,
      'server ca_ttl': ca,
      ...(target === undefined ? {} : { 'agent availability_target': target }),
    });
    const [[, earliest]] = breaking(plan) as [[string, number]];
    expect(earliest).toBeGreaterThanOrEqual(offline);
    expect(svid * hourMs).toBeLessThanOrEqual(longestSvidMs(ca * hourMs));
  });

  test('is not possible beyond six and a half days', () => {
    expect(agentOnly(156 * hourMs + 1, times)).toMatchObject({
      possible: false,
      limitMs: 156 * hourMs,
      why: 'SPIRE signs no SVID that is sure to live longer than 168h, and renews it 12h before at the latest',
      instead: 'a SPIRE server at the site',
    });
  });

  test('loses SVIDs and agents first, roots and CA long after', () => {
    const plan = agentOnly(72 * hourMs, times);
    if (!plan.possible) throw new Error(plan.why);
    expect(plan.endings.map(hoursOf)).toEqual([
      ['projected token of an agent (k8s_psat)', 0.4, 2],
      ['seal is older than maxAge', 23, 24],
      ["the worker's SVID", 72, 96],
      ["the agent's own SVID", 72, 96],
      ['roots that the agent knows', 192, 576],
      ["the server's CA, where it is the server that is away", 288, 576],
    ]);
  });
});

describe('a nested server', () => {
  test.each([
    // hours offline, nested CA, agent, CA of the SPIRE server in the cloud
    [1, 26, 4, 156],
    [3, 30, 5, 180],
    [24, 72, 12, 432],
    [60, 144, 24, 864],
    [72, 168, 24, 1008],
    // The reserve shrinks before the CA grows.
    [83, 168, 24, 1008],
  ])('for %dh has a CA of %dh, agents of %dh, below a CA of %dh', (offline, ca, agent, upstream) => {
    const plan = nested(offline * hourMs, times);
    expect(settings(plan)).toEqual({
      'server at the site ca_ttl': ca,
      'server at the site agent_ttl': agent,
      'server at the site default_x509_svid_ttl': 1,
      'server in the cloud ca_ttl': upstream,
    });
    expect(breaking(plan)).toEqual([["the CA of the site's server, and every SVID below it", ca / 2, ca]]);
    expect(ca / 2).toBeGreaterThan(offline);
  });

  test.each([
    [84, 192],
    [168, 360],
    [708, 1440],
    // 30 days are left at worst.
    [719, 1440],
  ])('for %dh has a CA of %dh, which no SPIRE server is sure to sign for', (offline, ca) => {
    expect(settings(nested(offline * hourMs, times))).toEqual({
      'server at the site ca_ttl': ca,
      'server at the site agent_ttl': 24,
      'server at the site default_x509_svid_ttl': 1,
      'CA in the cloud life left, always': ca,
    });
  });

  test('is not possible beyond thirty days less an hour', () => {
    expect(nested(719 * hourMs + 1, times)).toMatchObject({
      possible: false,
      limitMs: 719 * hourMs,
      why: 'SPIRE renews a CA 30 days before its end at the earliest, whatever its life',
    });
  });

  test('shortens SVIDs before it loses them', () => {
    const plan = nested(72 * hourMs, times);
    if (!plan.possible) throw new Error(plan.why);
    expect(plan.endings.map(hoursOf)).toEqual([
      ['seal is older than maxAge', 23, 24],
      ["full life of agents' SVIDs", 60, 144],
      ["full life of workers' SVIDs", 83, 167],
      ["the CA of the site's server, and every SVID below it", 84, 168],
      ['roots that the site knows', 336, 1008],
    ]);
  });
});

describe('lifetimes that are given', () => {
  const lifetimes = (svid: number, agent: number, ca: number, target?: number) => ({
    svidMs: svid * hourMs,
    agentMs: agent * hourMs,
    caMs: ca * hourMs,
    ...(target === undefined ? {} : { availabilityTargetMs: target * hourMs }),
  });
  const left = (...given: Parameters<typeof lifetimes>) =>
    endingsOf(lifetimes(...given), times)
      .filter(({ breaks }) => breaks)
      .map(hoursOf);

  test('of overlay spire last for minutes', () => {
    expect(left(1, 24, 168)).toEqual([
      ["the worker's SVID", 0.45, 1],
      ["the agent's own SVID", 10.8, 24],
      ["the server's CA, where it is the server that is away", 84, 168],
    ]);
  });

  test('that the CA cuts last as long as it lets them', () => {
    expect(left(96, 96, 24)[0]).toEqual(["the worker's SVID", 1.8, 4]);
  });

  test.each([
    [lifetimes(1, 24, 168), []],
    [
      lifetimes(96, 96, 24),
      ['SVIDs of 96h are cut to the end of an old CA, to 4h at worst: ca_ttl must be 576h.'],
    ],
    [
      lifetimes(200, 200, 5000),
      ['SVIDs of 200h are cut to the end of an old CA, to 168h at worst: no ca_ttl is long enough.'],
    ],
    [
      lifetimes(4, 1, 24),
      ["The agent's own SVID ends before those of its workloads: agent_ttl must be as long."],
    ],
    [
      lifetimes(4, 4, 24, 24),
      ['availability_target has no effect on SVIDs of 4h: they must live more than 12h longer than it.'],
    ],
  ])('%j warn of what SPIRE takes otherwise', (given, warnings) => {
    expect(warningsOf(given)).toEqual(warnings);
  });
});
