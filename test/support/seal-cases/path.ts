import {
  extend,
  withExtensions,
  type CertificatePlan,
  type KeyType,
  type SignatureAlgorithm,
} from '../certificate-factory.ts';
import { anchorFor, signedBy } from './leaf-defects.ts';
import { withMember } from '../seal-maker.ts';
import { withChain, withPlan, type Defect, type Scenario } from './scenario.ts';
import { noon, partner, trustDomain, type World, type WorldAuthority } from './world.ts';

interface Path {
  /** Leaf first. */
  readonly chain: readonly Uint8Array[];
  /** Anchors of the leaf's trust domain, where they are not the usual ones. */
  readonly roots?: readonly Uint8Array[];
}

interface PathContext {
  readonly world: World;
  readonly spiffeId: string;
  readonly domain: string;
  readonly anchor: WorldAuthority;
}

/** A path with one thing wrong, made once for each ID. */
export function path(name: string, code: string, make: (context: PathContext) => Path): Defect {
  return {
    name,
    code,
    inChain: true,
    apply: (scenario, { world }) => {
      const { spiffeId } = scenario;
      const domain = domainOf(spiffeId);
      const anchor = anchorFor(world, spiffeId);
      const { chain, roots } = world.once(`${name} ${spiffeId}`, () =>
        make({ world, spiffeId, domain, anchor }),
      );
      const judged = atNoon(withChain(signedBy(scenario, chain[0]!, world.keys(spiffeId)), chain));
      if (roots === undefined) return judged;
      // One Map for each set of roots, as a source of bundles gives it: verifiers may remember by identity.
      const bundles = world.once(
        `bundles of ${name} ${domain}`,
        () => new Map([...world.bundles, [domain, roots]]),
      );
      return { ...judged, bundles };
    },
  };
}

/** The same where the certificates by themselves are as they should be. */
export function outsideChain(...args: Parameters<typeof path>): Defect {
  return { ...path(...args), inChain: false };
}

export function domainOf(spiffeId: string): string {
  return spiffeId.startsWith(`spiffe://${partner}/`) ? partner : trustDomain;
}

/** Whatever it was aged to: path defects that are not about time happen at noon. */
export function atNoon(scenario: Scenario): Scenario {
  return {
    ...withPlan(scenario, (plan) => withMember(plan, 'iat', noon)),
    now: noon,
    nodeCreated: undefined,
  };
}

export type Change = (plan: CertificatePlan) => CertificatePlan;

/** A leaf below an intermediate that breaks a rule. */
export function intermediate(name: string, code: string, change: Change, type: KeyType = 'P-256'): Defect {
  return path(`an intermediate ${name}`, code, ({ world, spiffeId, anchor }) => {
    const issuer = world.makeAuthority(`spoiled ${name}`, anchor, change, type);
    return { chain: [world.leaf({ spiffeId, issuer }), issuer.der] };
  });
}

/** A leaf directly below a root of the bundle that breaks a rule. */
function root(name: string, code: string, change: Change): Defect {
  return path(`a root ${name}`, code, ({ world, spiffeId, domain }) => {
    const issuer = world.makeRoot(`spoiled ${name}`, domain, change);
    return { chain: [world.leaf({ spiffeId, issuer })], roots: [issuer.der] };
  });
}

export function leaf(name: string, code: string, change: Change): Defect {
  return path(`a leaf ${name}`, code, ({ world, spiffeId, anchor }) => ({
    chain: [world.leaf({ spiffeId, issuer: anchor, leaf: change })],
  }));
}

export const everywhere = (name: string, code: string, change: Change): readonly Defect[] => [
  leaf(name, code, change),
  intermediate(name, code, change),
  root(name, code, change),
];

export const second = 1000;
export const past = (plan: CertificatePlan): CertificatePlan => ({
  ...plan,
  notAfter: new Date(noon - second),
});
export const later = (plan: CertificatePlan): CertificatePlan => ({
  ...plan,
  notBefore: new Date(noon + second),
});
export const keyUsageOf =
  (...bits: number[]): Change =>
  (plan) =>
    withExtensions(plan, extend.keyUsage(bits));
export const namesOf =
  (...names: Uint8Array[]): Change =>
  (plan) =>
    withExtensions(plan, extend.subjectAltName(names));
export const constrained =
  (permitted: readonly Uint8Array[], excluded: readonly Uint8Array[] = []): Change =>
  (plan) =>
    withExtensions(plan, extend.nameConstraints(permitted, excluded));
export const signedWith =
  (algorithm: SignatureAlgorithm): Change =>
  (plan) => ({ ...plan, algorithm });

/** Above the leaf: what makes an authority. */
export function issuers(name: string, code: string, change: Change): readonly Defect[] {
  return [intermediate(name, code, change), root(name, code, change)];
}
