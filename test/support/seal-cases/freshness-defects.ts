import { digestOf, payloadText, withMember } from '../seal-maker.ts';
import { authorityPlan, certificate, uri } from '../certificate-factory.ts';
import { commonName } from '../der-writer.ts';
import { iatOf, markableIat, withChain, withPlan, type Defect, type Scenario } from './scenario.ts';
import { leafLife, noon, trustDomain, type World } from './world.ts';

/** Judged while the leaf is valid, with nothing from before. */
function fresh(scenario: Scenario): Scenario {
  const now = Math.min(Math.max(scenario.now, iatOf(scenario)), leafLife.notAfter.getTime());
  return { ...scenario, accepted: undefined, nodeCreated: undefined, now };
}

const digestNow = ({ plan }: Scenario): string => digestOf(payloadText(plan));
const otherDigest = digestOf('something else');

const freshness: readonly Defect[] = [
  {
    name: 'older than the mark',
    code: 'replayed',
    apply: (scenario, { random }) => {
      const base = fresh(scenario);
      const iat = Math.min(markableIat(base) + 1 + random.int(1000), 2 ** 53 - 1);
      const digest = random.pick([otherDigest, digestNow(base)]);
      return { ...base, accepted: { iat, digest, signer: base.spiffeId } };
    },
  },
  {
    name: 'older than a mark that holds no digest',
    code: 'replayed',
    apply: (scenario) => {
      const base = fresh(scenario);
      return {
        ...base,
        accepted: { iat: Math.min(markableIat(base) + 1, 2 ** 53 - 1), signer: base.spiffeId },
      };
    },
  },
  {
    name: 'older than the mark, with an expired leaf over the same content',
    code: 'replayed',
    apply: (scenario) => {
      const accepted = {
        iat: Math.min(markableIat(scenario) + 1, 2 ** 53 - 1),
        digest: digestNow(scenario),
        signer: scenario.spiffeId,
      };
      return { ...scenario, accepted, now: leafLife.notAfter.getTime() + 1 };
    },
  },
  {
    name: 'of the same time as the mark, with other content',
    code: 'conflicting-seal',
    apply: (scenario) => {
      const base = fresh(scenario);
      return { ...base, accepted: { iat: markableIat(base), digest: otherDigest, signer: base.spiffeId } };
    },
  },
  {
    name: 'from the future',
    code: 'from-the-future',
    apply: (scenario) => ({
      ...withPlan(scenario, (plan) => withMember(plan, 'iat', noon + 60_001)),
      accepted: undefined,
      nodeCreated: undefined,
      now: noon,
    }),
  },
  {
    name: 'older than the Node',
    code: 'before-node',
    apply: (scenario, { random }) => {
      const base = fresh(scenario);
      const accepted = random.chance(0.5)
        ? undefined
        : { iat: base.now + 86_400_001, digest: otherDigest, signer: base.spiffeId };
      return { ...base, accepted, nodeCreated: iatOf(base) + 60_001 + random.int(1e6) };
    },
  },
];

/** What leans on the exception for an expired leaf, and may not. */
const expired: readonly Defect[] = [
  {
    name: 'an expired leaf over other content than the mark',
    code: 'certificate-expired',
    apply: (scenario) => ({
      ...scenario,
      accepted: {
        iat: Math.max(1, markableIat(scenario) - 1),
        digest: otherDigest,
        signer: scenario.spiffeId,
      },
      now: leafLife.notAfter.getTime() + 1,
    }),
  },
  {
    name: 'an expired leaf, and the mark lost its digest',
    code: 'certificate-expired',
    apply: (scenario) => ({
      ...scenario,
      accepted: { iat: markableIat(scenario), signer: scenario.spiffeId },
      now: leafLife.notAfter.getTime() + 1,
    }),
  },
  {
    name: 'an expired leaf, and the mark is far in the future',
    code: 'certificate-expired',
    apply: (scenario) => {
      const now = leafLife.notAfter.getTime() + 1;
      const accepted = { iat: now + 86_400_001, digest: digestNow(scenario), signer: scenario.spiffeId };
      return { ...scenario, accepted, now };
    },
  },
  {
    name: 'no path though the leaf is valid, over the same content as the mark',
    code: 'path-not-found',
    apply: (scenario, { world }) => {
      const base = fresh(scenario);
      const { spiffeId } = scenario;
      const der = world.once(`withdrawn ${spiffeId}`, () => {
        const own = { name: commonName('Withdrawn root'), keys: world.keys('withdrawn root') };
        const issuer = { ...own, der: withdrawnRoot(world) };
        return world.leaf({ spiffeId, issuer });
      });
      const signed = withPlan(withChain(base, [der], world.keys(spiffeId)), (plan) => ({
        ...withMember(plan, 'alg', 'ES256'),
        signWith: 'ES256' as const,
      }));
      const accepted = { iat: markableIat(signed), digest: digestNow(signed), signer: spiffeId };
      return { ...signed, accepted };
    },
  },
];

function withdrawnRoot(world: World): Uint8Array {
  const own = { name: commonName('Withdrawn root'), keys: world.keys('withdrawn root') };
  const life = { notBefore: new Date(noon - 1e9), notAfter: new Date(noon + 1e9) };
  return certificate(
    authorityPlan({ ...own, issuer: own, ...life, names: [uri(`spiffe://${trustDomain}`)] }),
  );
}

export const freshnessDefects: readonly Defect[] = [...freshness, ...expired];
