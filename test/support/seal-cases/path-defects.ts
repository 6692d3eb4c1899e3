import {
  authorityPlan,
  certificate,
  dns,
  extend,
  extensionOids,
  leafPlan,
  uri,
  usage,
  withExtensions,
  withoutExtension,
  type CertificatePlan,
  type KeyType,
  type SignatureAlgorithm,
} from '../certificate-factory.ts';
import * as w from '../der-writer.ts';
import { anchorFor, signedBy, withSignatureOf } from './leaf-defects.ts';
import { withMember } from '../seal-maker.ts';
import { withChain, withPlan, type Defect, type Scenario } from './scenario.ts';
import { leafLife, noon, partner, rootLife, trustDomain, type World, type WorldAuthority } from './world.ts';

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
function path(name: string, code: string, make: (context: PathContext) => Path): Defect {
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
function outsideChain(...args: Parameters<typeof path>): Defect {
  return { ...path(...args), inChain: false };
}

function domainOf(spiffeId: string): string {
  return spiffeId.startsWith(`spiffe://${partner}/`) ? partner : trustDomain;
}

/** Whatever it was aged to: path defects that are not about time happen at noon. */
function atNoon(scenario: Scenario): Scenario {
  return {
    ...withPlan(scenario, (plan) => withMember(plan, 'iat', noon)),
    now: noon,
    nodeCreated: undefined,
  };
}

type Change = (plan: CertificatePlan) => CertificatePlan;

/** A leaf below an intermediate that breaks a rule. */
function intermediate(name: string, code: string, change: Change, type: KeyType = 'P-256'): Defect {
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

function leaf(name: string, code: string, change: Change): Defect {
  return path(`a leaf ${name}`, code, ({ world, spiffeId, anchor }) => ({
    chain: [world.leaf({ spiffeId, issuer: anchor, leaf: change })],
  }));
}

const everywhere = (name: string, code: string, change: Change): readonly Defect[] => [
  leaf(name, code, change),
  intermediate(name, code, change),
  root(name, code, change),
];

const second = 1000;
const past = (plan: CertificatePlan): CertificatePlan => ({ ...plan, notAfter: new Date(noon - second) });
const later = (plan: CertificatePlan): CertificatePlan => ({ ...plan, notBefore: new Date(noon + second) });
const keyUsageOf =
  (...bits: number[]): Change =>
  (plan) =>
    withExtensions(plan, extend.keyUsage(bits));
const namesOf =
  (...names: Uint8Array[]): Change =>
  (plan) =>
    withExtensions(plan, extend.subjectAltName(names));
const constrained =
  (permitted: readonly Uint8Array[], excluded: readonly Uint8Array[] = []): Change =>
  (plan) =>
    withExtensions(plan, extend.nameConstraints(permitted, excluded));
const signedWith =
  (algorithm: SignatureAlgorithm): Change =>
  (plan) => ({ ...plan, algorithm });

const dates: readonly Defect[] = [
  ...everywhere('that has expired', 'certificate-expired', past),
  ...everywhere('that is not valid yet', 'certificate-not-yet-valid', later),
];

/** Above the leaf: what makes an authority. */
function issuers(name: string, code: string, change: Change): readonly Defect[] {
  return [intermediate(name, code, change), root(name, code, change)];
}

const authorities: readonly Defect[] = [
  ...issuers('without cA', 'issuer-not-ca', (plan) => withExtensions(plan, extend.basicConstraints(false))),
  ...issuers('without basicConstraints', 'issuer-not-ca', (plan) =>
    withoutExtension(plan, extensionOids.basicConstraints),
  ),
  ...issuers('without keyCertSign', 'issuer-key-usage', keyUsageOf(usage.crlSign)),
  ...issuers('without keyUsage', 'issuer-key-usage', (plan) =>
    withoutExtension(plan, extensionOids.keyUsage),
  ),
  ...issuers('of another trust domain', 'issuer-spiffe-id', namesOf(uri('spiffe://third.example'))),
  ...issuers('with a workload ID', 'issuer-spiffe-id', namesOf(uri(`spiffe://${trustDomain}/ca`))),
  ...issuers(
    'with two URI SANs',
    'issuer-spiffe-id',
    namesOf(uri(`spiffe://${trustDomain}`), uri(`spiffe://${trustDomain}`)),
  ),
  ...issuers('that permits another host', 'name-constraints', constrained([uri('third.example')])),
  ...issuers('that excludes our host', 'name-constraints', constrained([], [uri(trustDomain), uri(partner)])),
  ...issuers('that permits other DNS names', 'name-constraints', constrained([dns('third.example')])),
  ...issuers('that excludes our DNS names', 'name-constraints', constrained([], [dns('internal')])),
  ...issuers(
    'with constraints of a form not enforced',
    'name-constraints',
    constrained([w.der(0xa4, w.commonName('workload'))]),
  ),
  leaf('with name constraints', 'name-constraints', constrained([uri(trustDomain)])),
  path('a leaf that a leaf issued', 'issuer-not-ca', ({ world, spiffeId, anchor }) => {
    const keys = world.keys('workload as issuer');
    const name = w.commonName('workload as issuer');
    const plan = leafPlan({
      keys,
      issuer: anchor,
      ...leafLife,
      subject: name,
      names: [uri(`spiffe://${trustDomain}/w`)],
    });
    const issuer = { name, keys, der: certificate(plan) };
    return { chain: [world.leaf({ spiffeId, issuer }), issuer.der] };
  }),
  path('more intermediates than the root allows', 'path-length', ({ world, spiffeId, domain }) => {
    const top = world.makeRoot('pathLen 0', domain, (plan) =>
      withExtensions(plan, extend.basicConstraints(true, 0)),
    );
    const issuer = world.makeAuthority('one too many', top);
    return { chain: [world.leaf({ spiffeId, issuer }), issuer.der], roots: [top.der] };
  }),
  path('a self-issued intermediate beyond the limit', 'path-length', ({ world, spiffeId, domain }) => {
    const top = world.makeRoot('pathLen 0 self', domain, (plan) =>
      withExtensions(plan, extend.basicConstraints(true, 0)),
    );
    const issuer = world.makeAuthority('self-issued', top, (plan) => ({ ...plan, subject: top.name }));
    return { chain: [world.leaf({ spiffeId, issuer }), issuer.der], roots: [top.der] };
  }),
];

const extensionsAndSignatures: readonly Defect[] = [
  ...everywhere('with an unknown critical extension', 'critical-extension', (plan) =>
    withExtensions(plan, extend.unknown(true)),
  ),
  ...issuers('with policyConstraints', 'critical-extension', (plan) =>
    withExtensions(plan, w.extension(extensionOids.policyConstraints, w.sequence(w.context(0, w.bytes(0))))),
  ),
  leaf('signed with SHA-1', 'certificate-algorithm', signedWith('ecdsa-sha1')),
  intermediate('signed with SHA-1', 'certificate-algorithm', signedWith('ecdsa-sha1')),
  path('an RSA authority that signs with MD5', 'certificate-algorithm', ({ world, spiffeId, domain }) => {
    const issuer = world.makeRoot('RSA root', domain, (plan) => plan, 'RSA-2048');
    return { chain: [world.leaf({ spiffeId, issuer, leaf: signedWith('rsa-md5') })], roots: [issuer.der] };
  }),
  path('a rogue authority of the same name', 'certificate-signature', ({ world, spiffeId, domain }) => {
    const issuer = world.makeRoot(`rogue ${domain}`, domain);
    return { chain: [world.leaf({ spiffeId, issuer })] };
  }),
  path('a rogue authority that is sent along', 'certificate-signature', ({ world, spiffeId, domain }) => {
    const issuer = world.makeRoot(`rogue ${domain}`, domain);
    return { chain: [world.leaf({ spiffeId, issuer }), issuer.der] };
  }),
  path('a signature over other bytes', 'certificate-signature', ({ world, spiffeId, anchor }) => {
    const plan = leafPlan({
      keys: world.keys(spiffeId),
      issuer: anchor,
      ...leafLife,
      names: [uri(spiffeId)],
    });
    return { chain: [withSignatureOf(plan, w.bytes(1, 2, 3))] };
  }),
];

const anchors: readonly Defect[] = [
  path('a root of its own, sent along', 'path-not-found', ({ world, spiffeId }) => {
    const keys = world.keys('own root');
    const own = { name: w.commonName('Own root'), keys };
    const issuer = { ...own, der: certificate(authorityPlan({ ...own, ...rootLife, issuer: own })) };
    return { chain: [world.leaf({ spiffeId, issuer }), issuer.der] };
  }),
  path('an intermediate that is not sent along', 'path-not-found', ({ world, spiffeId, anchor }) => {
    const issuer = world.makeAuthority('kept back', anchor);
    return { chain: [world.leaf({ spiffeId, issuer })] };
  }),
  path('a leaf of the federated authority', 'path-not-found', ({ world, spiffeId, domain }) => {
    const issuer = domain === partner ? world.root : world.partnerRoot;
    return { chain: [world.leaf({ spiffeId, issuer })] };
  }),
  path('a leaf of a federated authority that has no ID', 'path-not-found', ({ world, spiffeId, domain }) => {
    const issuer = domain === partner ? world.root : world.partnerPlainRoot;
    return { chain: [world.leaf({ spiffeId, issuer })] };
  }),
  path('an intermediate of the federated authority', 'path-not-found', ({ world, spiffeId, domain }) => {
    const issuer = world.makeAuthority('federated', domain === partner ? world.root : world.partnerRoot);
    return { chain: [world.leaf({ spiffeId, issuer }), issuer.der] };
  }),
  path('an empty bundle', 'bundle-missing', ({ world, spiffeId, anchor }) => ({
    chain: [world.leaf({ spiffeId, issuer: anchor })],
    roots: [],
  })),
  {
    name: 'no bundle for the trust domain',
    code: 'bundle-missing',
    apply: (scenario, { world }) => {
      const domain = domainOf(scenario.spiffeId);
      const bundles = world.once(
        `without ${domain}`,
        () => new Map([...world.bundles].filter(([each]) => each !== domain)),
      );
      return { ...scenario, accepted: undefined, bundles };
    },
  },
  path('seventeen authorities of one name', 'path-too-much-work', ({ world, spiffeId, domain }) => {
    const all = Array.from({ length: 17 }, (_, n) =>
      world.makeRoot(`of one name ${n}`, domain, (plan) =>
        withoutExtension(plan, extensionOids.subjectKeyId),
      ),
    );
    return {
      chain: [world.leaf({ spiffeId, issuer: all.at(-1)! })],
      roots: all.map(({ der }) => der),
    };
  }),
  outsideChain('more than 32 KiB of certificates', 'seal-chain', ({ world, spiffeId, anchor }) => {
    const large = w.extension('1.3.6.1.4.1.55738.666.2', w.octetString(new Uint8Array(10_900)));
    const others = ['a', 'b', 'c'].map(
      (name) => world.makeAuthority(`large ${name}`, anchor, (plan) => withExtensions(plan, large)).der,
    );
    return { chain: [world.leaf({ spiffeId, issuer: anchor }), ...others] };
  }),
];

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

export const pathDefects: readonly Defect[] = [
  ...dates,
  ...authorities,
  ...extensionsAndSignatures,
  ...anchors,
  ...times,
  ...clock,
];
