import { sealOf, sealText, withSeal, type AnyObject, type Json, type JwsAlgorithm } from '../seal-maker.ts';
import type { Random } from '../random.ts';
import { nodeNameLabel } from './honest.ts';
import { withAfter, withPlan, withSpec, type Defect, type Scenario } from './scenario.ts';

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

export const signatureDefects: readonly Defect[] = [
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
