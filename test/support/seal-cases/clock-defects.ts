import { anchorFor, signedBy } from './leaf-defects.ts';
import { withMember } from '../seal-maker.ts';
import { atNoon, domainOf, outsideChain, second, type Change } from './path.ts';
import { withChain, withPlan, type Defect, type Scenario } from './scenario.ts';
import { leafLife, noon, type World } from './world.ts';

/** The clock stands where leaf and seal are right and something above the leaf no longer is. */
const times: readonly Defect[] = [
  outsideChain('iat before the leaf', 'seal-outside-validity', ({ world, spiffeId, anchor }) => ({
    chain: [
      world.leaf({
        spiffeId,
        issuer: anchor,
        leaf: (plan) => ({ ...plan, notBefore: new Date(noon - second) }),
      }),
    ],
  })),
  outsideChain('iat after the leaf', 'seal-outside-validity', ({ world, spiffeId, anchor }) => ({
    chain: [world.leaf({ spiffeId, issuer: anchor })],
  })),
].map((defect, index): Defect => {
  const [iat, now] =
    index === 0 ? [noon - 61_001, noon] : [leafLife.notAfter.getTime() + 1, leafLife.notAfter.getTime()];
  return {
    ...defect,
    apply: (scenario, context) => {
      const made = defect.apply(scenario, context);
      return made && { ...withPlan(made, (plan) => withMember(plan, 'iat', iat)), now };
    },
  };
});

/** Honest until a minute after noon: then the intermediate has expired, and its leaf has not. */
export function shortIntermediate(scenario: Scenario, world: World): Scenario {
  const { spiffeId } = scenario;
  const chain = world.once(`short intermediate ${spiffeId}`, () => {
    const short: Change = (plan) => ({ ...plan, notAfter: new Date(noon + 60 * second) });
    const issuer = world.makeAuthority(`short for ${domainOf(spiffeId)}`, anchorFor(world, spiffeId), short);
    return [world.leaf({ spiffeId, issuer }), issuer.der];
  });
  return atNoon(withChain(signedBy(scenario, chain[0]!, world.keys(spiffeId)), chain));
}

/** An honest seal, read outside of its leaf's dates, and nothing was accepted before. */
const clock: readonly Defect[] = [
  {
    name: 'the leaf has expired and there is no mark',
    code: 'certificate-expired',
    apply: (scenario) => ({
      ...scenario,
      accepted: undefined,
      now: leafLife.notAfter.getTime() + 1,
    }),
  },
  {
    name: 'the leaf is not valid yet',
    code: 'certificate-not-yet-valid',
    apply: (scenario) => ({
      ...withPlan(scenario, (plan) => withMember(plan, 'iat', leafLife.notBefore.getTime() - 1)),
      accepted: undefined,
      now: leafLife.notBefore.getTime() - 1,
    }),
  },
  {
    // Verified before, while the intermediate was valid: a remembered path must know its dates.
    name: 'an intermediate that expires before its leaf',
    code: 'certificate-expired',
    apply: (scenario, { world, random }) => {
      return { ...shortIntermediate(scenario, world), now: noon + 60 * second + 1 + random.int(60_000) };
    },
  },
];

export const clockDefects: readonly Defect[] = [...times, ...clock];
