import { withMember } from '../seal-maker.ts';
import { honestChain } from './honest.ts';
import { withChain, withMetadata, withPlan, withSpec, type Defect, type Scenario } from './scenario.ts';
import { cluster, policy, trustDomain } from './world.ts';

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

export const policyDefects: readonly Defect[] = [
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
