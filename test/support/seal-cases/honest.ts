import type { KeyPair, KeyType } from '../certificate-factory.ts';
import type { Random } from '../random.ts';
import { digestOf, payloadText, sealPlan, withMember, type AnyObject, type Json } from '../seal-maker.ts';
import { withPlan, type Mark, type Scenario } from './scenario.ts';
import { cluster, leafLife, noon, partner, policy, trustDomain, type World } from './world.ts';

export const nodeNameLabel = 'nfd.node.kubernetes.io/node-name';
const versionAnnotation = 'featureseal.io/worker-version';

/** Chains as SPIRE and others make them. */
export const chainKinds = ['root alone', 'intermediate', 'root sent along', 'P-384', 'RSA'] as const;
export type ChainKind = (typeof chainKinds)[number];

const keyTypes: Readonly<Partial<Record<ChainKind, KeyType>>> = { 'P-384': 'P-384', RSA: 'RSA-2048' };

interface Signer {
  readonly namespace: string;
  readonly spiffeId: (node: string) => string;
  readonly spec: Json;
}

/** One for each entry of the policy, and one for the second ID of the worker. */
export const signers: readonly Signer[] = [
  {
    namespace: 'featureseal',
    spiffeId: (node) => `spiffe://${trustDomain}/featureseal/worker/${cluster}/${node}`,
    spec: {
      features: {
        flags: { 'cpu.cpuid': { elements: { AVX2: {}, AESNI: {} } } },
        attributes: { 'kernel.version': { elements: { full: '6.12.0', major: '6' } } },
        instances: { 'pci.device': { elements: [{ attributes: { vendor: '10de', class: '0302' } }] } },
      },
      labels: { 'cpu-cpuid.AVX2': 'true', 'vendor.example/any': 'yes' },
    },
  },
  {
    namespace: 'featureseal',
    spiffeId: (node) => `spiffe://${trustDomain}/old/${cluster}/${node}/worker`,
    spec: { features: { attributes: { 'system.name': { elements: { nodename: 'x' } } } } },
  },
  {
    namespace: 'vendor',
    spiffeId: () => `spiffe://${partner}/labeller/${cluster}`,
    spec: {
      features: { attributes: { 'vendor.card': { elements: { model: 'T1' } } } },
      labels: { 'vendor.example/model': 'T1' },
    },
  },
  {
    namespace: 'gpu',
    spiffeId: (node) => `spiffe://${trustDomain}/gpu/${cluster}/${node}`,
    spec: {
      features: { instances: { 'gpu.device': { elements: [] } } },
      labels: { 'gpu.example/model': 'A<1>&' },
    },
  },
];

/** Specs with whatever a parser or a canonical form could stumble over; all of them honest. */
export const awkwardSpecs: readonly string[] = [
  '{}',
  '{"features":{},"labels":{}}',
  '{"features":{"flags":{"a.b":{"elements":{"__proto__":{},"constructor":{},"10":{},"9":{},"":{}}}}}}',
  '{"labels":{"b":"\\u2028 < > & \\u0000 \\u001f \\" \\\\ /","a":""}}',
  '{"features":{"attributes":{"a.b":{"elements":{"\\uffff":"1","\\ud83d\\ude00":"2","z":"3"}}}}}',
  '{"labels":{"a":"1","a":"2"}}',
];

/** An honest scenario, the same each time. */
export function plainScenario(
  world: World,
  kind: ChainKind = 'root alone',
  node = 'node-a',
  signer = 0,
): Scenario {
  const chosen = signers[signer]!;
  return scenarioFor({ world, signer: chosen, kind, node, spec: chosen.spec });
}

/** Any honest scenario: whoever refuses it is wrong. */
export function honestScenario(world: World, random: Random): Scenario {
  const signer = random.pick(signers);
  const kind = random.chance(0.7) ? random.pick(chainKinds.slice(0, 3)) : random.pick(chainKinds);
  const node = random.pick(['node-a', 'node-b', 'ip-10-0-0-1.eu.compute.internal', '7']);
  const isAwkward = signer.namespace === 'featureseal' && random.chance(0.3);
  const spec = isAwkward ? (JSON.parse(random.pick(awkwardSpecs)) as Json) : signer.spec;
  const scenario = scenarioFor({ world, signer, kind, node, spec });
  return withHistory(random.chance(0.5) ? scenario : aged(scenario, random), random);
}

function scenarioFor(given: {
  readonly world: World;
  readonly signer: Signer;
  readonly kind: ChainKind;
  readonly node: string;
  readonly spec: Json;
}): Scenario {
  const { world, signer, kind, node, spec } = given;
  const spiffeId = signer.spiffeId(node);
  const { chain, keys } = honestChain(world, spiffeId, kind);
  const object: AnyObject = {
    apiVersion: 'nfd.k8s-sigs.io/v1alpha1',
    kind: 'NodeFeature',
    metadata: {
      name: node,
      namespace: signer.namespace,
      resourceVersion: '41',
      labels: { [nodeNameLabel]: node, team: 'not covered' },
      annotations: { [versionAnnotation]: '0.1.0' },
    },
    spec,
  };
  const covered = { labels: [nodeNameLabel], annotations: [versionAnnotation] };
  const plan = sealPlan({ object, chain, keys, cluster, iat: noon, ...covered });
  return { plan, spiffeId, node, bundles: world.bundles, policy, now: noon + 1000, after: [], text: [] };
}

export function honestChain(
  world: World,
  spiffeId: string,
  kind: ChainKind,
): { readonly chain: readonly Uint8Array[]; readonly keys: KeyPair } {
  const key = keyTypes[kind] ?? 'P-256';
  const isPartner = spiffeId.startsWith(`spiffe://${partner}/`);
  const root = isPartner ? world.partnerRoot : world.root;
  const between = isPartner ? world.partnerIntermediate : world.intermediate;
  const issuer = kind === 'intermediate' || kind === 'root sent along' ? between : root;
  const above =
    kind === 'intermediate' ? [between.der] : kind === 'root sent along' ? [root.der, between.der] : [];
  const leaf = world.once(`${spiffeId} ${kind}`, () => world.leaf({ spiffeId, key, issuer }));
  return { chain: [leaf, ...above], keys: world.keys(spiffeId, key) };
}

/** Signed at another time of the leaf's life, and read later. */
function aged(scenario: Scenario, random: Random): Scenario {
  const { notBefore, notAfter } = leafLife;
  const life = notAfter.getTime() - notBefore.getTime();
  const iat = notBefore.getTime() - 60_000 + random.int(life + 60_001);
  const earliest = Math.max(iat - 60_000, notBefore.getTime());
  const now = Math.max(earliest, iat - 60_000 + random.int(notAfter.getTime() - earliest + 1));
  return {
    ...withPlan(scenario, (plan) => withMember(plan, 'iat', iat)),
    now: Math.min(now, notAfter.getTime()),
  };
}

/** A mark, and a Node that is older, such that the scenario is as honest as before. */
function withHistory(scenario: Scenario, random: Random): Scenario {
  const iat = scenario.plan.header.find(([name]) => name === 'iat')?.[1] as number;
  const digest = digestOf(payloadText(scenario.plan));
  const { spiffeId: signer } = scenario;
  const marks: readonly (Mark | undefined)[] = [
    undefined,
    { iat, digest, signer },
    { iat: Math.max(1, iat - 1 - random.int(1e9)), digest, signer },
    { iat: iat - 1, digest: digestOf('what it said before'), signer },
    { iat, signer },
    { iat: scenario.now + 86_400_001, digest: digestOf('of a broken clock'), signer },
  ];
  const accepted = random.pick(marks);
  const nodeCreated = random.chance(0.5) ? iat + 60_000 - random.int(1e9) : undefined;
  const outlived = accepted?.digest === digest && random.chance(0.5);
  const now = outlived ? leafLife.notAfter.getTime() + 1 + random.int(1e9) : scenario.now;
  return { ...scenario, accepted, nodeCreated, now };
}
