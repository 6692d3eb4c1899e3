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
} from '../certificate-factory.ts';
import * as w from '../der-writer.ts';
import { withSignatureOf } from './leaf-defects.ts';
import { type Defect } from './scenario.ts';
import { leafLife, partner, rootLife, trustDomain } from './world.ts';
import {
  constrained,
  domainOf,
  everywhere,
  intermediate,
  issuers,
  keyUsageOf,
  later,
  leaf,
  namesOf,
  outsideChain,
  past,
  path,
  signedWith,
} from './path.ts';

const dates: readonly Defect[] = [
  ...everywhere('that has expired', 'certificate-expired', past),
  ...everywhere('that is not valid yet', 'certificate-not-yet-valid', later),
];

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

export const pathDefects: readonly Defect[] = [
  ...dates,
  ...authorities,
  ...extensionsAndSignatures,
  ...anchors,
];
