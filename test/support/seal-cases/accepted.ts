import { digestOf, payloadText, withMember, type Json } from '../seal-maker.ts';
import { awkwardSpecs, chainKinds, plainScenario, signers } from './honest.ts';
import { shortIntermediate } from './clock-defects.ts';
import { iatOf, withMetadata, withPlan, withSpec, type Mark, type Scenario } from './scenario.ts';
import { leafLife, noon, type World } from './world.ts';

/** A scenario that must be accepted, by its name. */
export type Accepted = readonly [name: string, scenario: Scenario];

const minute = 60_000;
const day = 86_400_000;

export const exampleName = 'the worked example of docs/seal.md';

function example(world: World): Scenario {
  const attributes = { 'kernel.version': { elements: { full: '6.12.0' } } };
  return withSpec(plainScenario(world), () => ({ features: { attributes } }));
}

/** What a careless verifier would refuse. */
export function acceptedScenarios(world: World): readonly Accepted[] {
  const plain = plainScenario(world);
  const digest = digestOf(payloadText(plain.plan));
  const own = { signer: plain.spiffeId };
  const marked = (name: string, accepted: Mark, more: Partial<Scenario> = {}): Accepted => [
    name,
    { ...plain, ...more, accepted },
  ];
  const at = (name: string, iat: number, now: number): Accepted => [
    name,
    { ...withPlan(plain, (plan) => withMember(plan, 'iat', iat)), now },
  ];
  const { notBefore, notAfter } = {
    notBefore: leafLife.notBefore.getTime(),
    notAfter: leafLife.notAfter.getTime(),
  };
  return [
    [exampleName, example(world)],
    ...chainKinds.map((kind): Accepted => [`chain: ${kind}`, plainScenario(world, kind)]),
    ...signers.map((_, index): Accepted => {
      const scenario = plainScenario(world, 'root alone', 'node-a', index);
      return [`signer: ${scenario.spiffeId}`, scenario];
    }),
    ...awkwardSpecs.map((text, index): Accepted => [
      `awkward spec ${index + 1}`,
      withSpec(plain, () => JSON.parse(text) as Json),
    ]),
    ['RS256 under an RSA key', rs256(plainScenario(world, 'RSA'))],
    ['an intermediate that is still valid', shortIntermediate(plain, world)],
    ['a node name with dots', plainScenario(world, 'root alone', 'ip-10-0-0-1.eu.internal')],
    ['white space around and within the text', { ...plain, text: [spaced] }],
    ['a key twice, of which the last counts', { ...plain, text: [twice] }],
    [
      'header members in another order',
      withPlan(plain, (plan) => ({ ...plan, header: plan.header.toReversed() })),
    ],
    [
      'labels, annotations and fields that nobody covers',
      withMetadata(plain, (metadata) => ({
        ...metadata,
        labels: { ...metadata.labels, 'evil.example/verified': 'true' },
        managedFields: [{ manager: 'kubectl', time: null }],
        ownerReferences: [],
      })),
    ],
    at('iat 60 s before the leaf', notBefore - minute, notBefore),
    at('iat at the end of the leaf', notAfter, notAfter),
    at('iat 60 s ahead of the clock', noon + minute, noon),
    marked('the mark holds the same seal', { ...own, iat: iatOf(plain), digest }),
    marked('the mark holds older content', { ...own, iat: iatOf(plain) - 1, digest: digestOf('older') }),
    marked('the mark of this time lost its digest', { ...own, iat: iatOf(plain) }),
    marked('a mark far in the future counts as absent', {
      ...own,
      iat: plain.now + day + 1,
      digest: digestOf('x'),
    }),
    marked(
      'an expired leaf over what the mark holds',
      { ...own, iat: iatOf(plain) - 1, digest },
      { now: notAfter + 1 },
    ),
    marked('the same, a year later', { ...own, iat: iatOf(plain), digest }, { now: noon + 365 * day }),
    ['60 s older than the Node', { ...plain, nodeCreated: iatOf(plain) + minute }],
    marked(
      'older than the Node, but the mark knows better',
      { ...own, iat: 1, digest },
      { nodeCreated: noon + day },
    ),
  ];
}

function rs256(scenario: Scenario): Scenario {
  return withPlan(scenario, (plan) => ({ ...withMember(plan, 'alg', 'RS256'), signWith: 'RS256' }));
}

const spaced = (text: string): string => `\n ${JSON.stringify(JSON.parse(text), null, 2)}\t\r\n`;

/** The first `spec` is another one. */
const twice = (text: string): string => text.replace('"spec":', '"spec":{"labels":{"a":"first"}},"spec":');
