import type { ReasonCode } from '../../error-codes.ts';
import { nodeNameLabel, type NodeFeature } from '../../feature/node-feature.ts';
import { sealAnnotation } from '../../seal/header.ts';
import { vendorNamespace, type World } from './world.ts';

/** What somebody who may edit NodeFeatures tries. */
export interface Attack {
  readonly name: string;
  /** The code of the step that must stop it. */
  readonly expected: ReasonCode;
  /** The object that is written to the store. */
  readonly object: (world: World) => Promise<NodeFeature> | NodeFeature;
}

const claimedLabel = 'feature.node.kubernetes.io/gpu.present';

/** The attacks of the demo; `original` is the first object that the worker published. */
export function attacksWith(original: NodeFeature): readonly Attack[] {
  return [
    {
      name: 'edit the spec of a sealed object',
      expected: 'signature-invalid',
      object: (world) => withLabel(current(world), claimedLabel),
    },
    {
      name: 'copy the object to another node',
      expected: 'signature-invalid',
      object: (world) => renamed(current(world), world.otherNode),
    },
    { name: 'replay an older object', expected: 'replayed', object: () => original },
    { name: 'strip the seal', expected: 'seal-missing', object: (world) => withoutSeal(current(world)) },
    {
      name: 'sign with the identity of another node',
      expected: 'signer-not-allowed',
      object: async (world) => {
        const svid = await world.identityOf('worker', world.otherNode);
        return world.seal(withoutSeal(withLabel(current(world), claimedLabel)), svid);
      },
    },
    {
      name: 'third party claims what its entry does not grant',
      expected: 'label-not-granted',
      object: async (world) => {
        const svid = await world.identityOf('vendor', world.node);
        return world.seal(vendorClaim(current(world)), svid);
      },
    },
  ];
}

function current(world: World): NodeFeature {
  return world.objects.get(world.key) as NodeFeature;
}

function withLabel(object: NodeFeature, label: string): NodeFeature {
  return { ...object, spec: { ...object.spec, labels: { ...object.spec.labels, [label]: 'true' } } };
}

function renamed(object: NodeFeature, node: string): NodeFeature {
  const labels = { ...object.metadata.labels, [nodeNameLabel]: node };
  return { ...object, metadata: { ...object.metadata, name: node, labels } };
}

function withoutSeal(object: NodeFeature): NodeFeature {
  const { [sealAnnotation]: _, ...annotations } = object.metadata.annotations ?? {};
  return { ...object, metadata: { ...object.metadata, annotations } };
}

function vendorClaim(object: NodeFeature): NodeFeature {
  const { name, labels = {} } = object.metadata;
  return {
    ...object,
    metadata: { name, namespace: vendorNamespace, labels },
    spec: { features: {}, labels: { 'vendor.example/card': 'v2', [claimedLabel]: 'true' } },
  };
}
