import {
  digestOf,
  payloadText,
  sealOf,
  sealText,
  withMember,
  withSeal,
  type AnyObject,
  type Json,
  type JwsAlgorithm,
} from '../seal-maker.ts';
import { authorityPlan, certificate, uri } from '../certificate-factory.ts';
import type { Random } from '../random.ts';
import { commonName } from '../der-writer.ts';
import { honestChain, nodeNameLabel } from './honest.ts';
import {
  iatOf,
  markableIat,
  withAfter,
  withChain,
  withMetadata,
  withPlan,
  withSpec,
  type Defect,
  type Scenario,
} from './scenario.ts';
import { cluster, leafLife, noon, policy, trustDomain, type World } from './world.ts';

/** Changed after it was sealed: what somebody with write access does. */
function edit(name: string, change: (object: AnyObject) => AnyObject, code = 'signature-invalid'): Defect {
  return { name, code, apply: (scenario) => withAfter(scenario, change) };
}

const editMetadata = (
  name: string,
  change: (metadata: AnyObject['metadata']) => AnyObject['metadata'],
): Defect => edit(name, (object) => ({ ...object, metadata: change(object.metadata) }));

function editSeal(
  name: string,
  change: (parts: readonly string[], random: Random) => readonly string[],
): Defect {
  return {
    name,
    code: 'signature-invalid',
    apply: (scenario, { random }) =>
      withAfter(scenario, (object) => {
        return withSeal(object, change(sealOf(object).split('..'), random).join('..'));
      }),
  };
}

function signedAs(name: string, applies: (scenario: Scenario) => boolean, signWith: JwsAlgorithm): Defect {
  return {
    name,
    code: 'signature-invalid',
    apply: (scenario) =>
      applies(scenario) ? withPlan(scenario, (plan) => ({ ...plan, signWith })) : undefined,
  };
}

const isAlg =
  (alg: string) =>
  ({ plan }: Scenario): boolean =>
    plan.signWith === alg;

const signatures: readonly Defect[] = [
  edit('a feature edited', (object) => ({
    ...object,
    spec: { features: { flags: { 'cpu.cpuid': { elements: { EDITED: {} } } } } },
  })),
  edit('a label added to spec', (object) => ({
    ...object,
    spec: { ...(object.spec as Readonly<Record<string, Json>>), labels: { added: 'true' } },
  })),
  editMetadata('a covered annotation edited', ({ annotations, ...metadata }) => {
    const keys = Object.keys(annotations ?? {});
    const values = keys.map((key) => [key, key.endsWith('version') ? 'edited' : annotations![key]!] as const);
    return { ...metadata, annotations: Object.fromEntries(values) };
  }),
  editMetadata('shown for another node', (metadata) => ({
    ...metadata,
    name: 'node-x',
    labels: { ...metadata.labels, [nodeNameLabel]: 'node-x' },
  })),
  editMetadata('copied under another name', (metadata) => ({ ...metadata, name: 'copy' })),
  editMetadata('moved to another namespace of the policy', (metadata) => ({
    ...metadata,
    namespace: metadata.namespace === 'featureseal' ? 'gpu' : 'featureseal',
  })),
  {
    name: 'the seal of another object of the node',
    code: 'signature-invalid',
    apply: (scenario) => {
      const other = withSpec(scenario, () => ({ labels: { other: 'yes' } }));
      return withAfter(scenario, (object) => withSeal(object, sealText(other.plan)));
    },
  },
  editSeal('a bit of the signature flipped', ([header = '', signature = ''], random) => {
    const bytes = Buffer.from(signature, 'base64url');
    const at = random.int(bytes.length);
    bytes[at]! ^= 1 << random.int(8);
    return [header, bytes.toString('base64url')];
  }),
  editSeal('iat changed in the header after signing', ([header = '', signature = '']) => {
    const text = Buffer.from(header, 'base64url').toString();
    const raised = text.replace(/"iat":(\d+)/, (_, iat: string) => `"iat":${Number(iat) - 1}`);
    return [Buffer.from(raised).toString('base64url'), signature];
  }),
  signedAs('an ECDSA signature in DER', isAlg('ES256'), 'ES256-der'),
  signedAs('a PSS salt of 20 octets', isAlg('PS256'), 'PS256-short-salt'),
  signedAs('PKCS #1 v1.5 named PS256', isAlg('PS256'), 'RS256'),
  {
    name: 'signed by another key of the same kind',
    code: 'signature-invalid',
    apply: (scenario, { world }) =>
      withPlan(scenario, (plan) => ({ ...plan, keys: world.keys('stranger', plan.keys.type) })),
  },
];

/** Signed by a key that has every right to be a workload, only not to say this. */
function signer(name: string, code: string, idFor: (scenario: Scenario) => string | undefined): Defect {
  return {
    name,
    code,
    apply: (scenario, { world }) => {
      const spiffeId = idFor(scenario);
      if (spiffeId === undefined || spiffeId === scenario.spiffeId) return undefined;
      const { chain, keys } = honestChain(world, spiffeId, 'root alone');
      const signed = withPlan(withChain(scenario, chain, keys), (plan) => ({
        ...withMember(plan, 'alg', 'ES256'),
        signWith: 'ES256' as const,
      }));
      return { ...signed, spiffeId };
    },
  };
}

const isIn =
  (...namespaces: string[]) =>
  ({ plan }: Scenario): boolean =>
    namespaces.includes(plan.object.metadata.namespace as string);

const worker = (clusterName: string, node: string): string =>
  `spiffe://${trustDomain}/featureseal/worker/${clusterName}/${node}`;

function onlyIn(
  namespaces: readonly string[],
  { name, code }: Pick<Defect, 'name' | 'code'>,
  change: (scenario: Scenario) => Scenario,
): Defect {
  return { name, code, apply: (scenario) => (isIn(...namespaces)(scenario) ? change(scenario) : undefined) };
}

const feature = (name: string, kind = 'attributes') => ({
  features: { [kind]: { [name]: { elements: kind === 'instances' ? [] : {} } } },
});

const claims: readonly Defect[] = [
  signer('the worker of another node', 'signer-not-allowed', () => worker(cluster, 'node-other')),
  signer('the worker of another cluster', 'signer-not-allowed', ({ node }) => worker('demo2', node)),
  signer(
    'another workload of the node',
    'signer-not-allowed',
    ({ node }) => `spiffe://${trustDomain}/featureseal/workers/${cluster}/${node}`,
  ),
  signer('an ID that goes on', 'signer-not-allowed', ({ node }) => `${worker(cluster, node)}/x`),
  signer(
    'an ID in another case',
    'signer-not-allowed',
    ({ node }) => `spiffe://${trustDomain}/featureseal/Worker/${cluster}/${node}`,
  ),
  signer('the signer of another namespace', 'signer-not-allowed', ({ plan, node }) =>
    plan.object.metadata.namespace === 'gpu'
      ? worker(cluster, node)
      : `spiffe://${trustDomain}/gpu/${cluster}/${node}`,
  ),
  {
    name: 'an object that is not named as its node',
    code: 'name-mismatch',
    apply: (scenario) => withMetadata(scenario, (metadata) => ({ ...metadata, name: 'extra' })),
  },
  ...['gpu.device.x', 'gpu.', 'vendor.', 'cpu.cpuid', 'vendor'].map((name) =>
    onlyIn(
      ['vendor', 'gpu'],
      { name: `the feature ${name} beyond the grant`, code: 'feature-not-granted' },
      (scenario) => ({ ...withSpec(scenario, () => feature(name)), policy }),
    ),
  ),
  ...['flags', 'instances'].map((kind) =>
    onlyIn(
      ['vendor', 'gpu'],
      { name: `${kind} beyond the grant`, code: 'feature-not-granted' },
      (scenario) => ({
        ...withSpec(scenario, () => feature('cpu.x', kind)),
        policy,
      }),
    ),
  ),
  ...['model', 'gpu.example/model2', 'vendor.example', 'vendor.example.evil/x'].map((name) =>
    onlyIn(
      ['vendor', 'gpu'],
      { name: `the label ${name} beyond the grant`, code: 'label-not-granted' },
      (scenario) => withSpec(scenario, () => ({ labels: { [name]: 'x' } })),
    ),
  ),
  ...['rule.matched', 'Rule.matched'].map((name) =>
    onlyIn(['featureseal'], { name: `the feature ${name}`, code: 'feature-reserved' }, (scenario) =>
      withSpec(scenario, () => feature(name)),
    ),
  ),
  ...['system.name', 'System.Name'].map((name) =>
    onlyIn(
      ['vendor'],
      { name: `the feature ${name} from whoever is not bound to a node`, code: 'feature-reserved' },
      (scenario) => {
        const signers = scenario.policy.signers.map((each) => ({ ...each, features: ['*'] }));
        return { ...withSpec(scenario, () => feature(name)), policy: { ...scenario.policy, signers } };
      },
    ),
  ),
];

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

export const claimDefects: readonly Defect[] = [...signatures, ...claims, ...freshness, ...expired];
