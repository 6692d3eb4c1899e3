import type { ReasonCode } from '../../src/error-codes.ts';
import { nodeNameLabel, type NodeFeature } from '../../src/feature/node-feature.ts';
import { sealAnnotation } from '../../src/seal/header.ts';
import { signNodeFeature } from '../../src/seal/sign.ts';
import type { Installation, StoredNodeFeature } from './installation.ts';
import { cluster, foreignNamespace, vendorNamespace, workerId } from './scenario.ts';

/** What somebody tries who may write NodeFeatures, and whose rights Kubernetes does not limit. */
export interface Attack {
  readonly expected: ReasonCode;
  /** The object to write, made of the one that stands there. */
  readonly forge: (object: StoredNodeFeature, context: AttackContext) => NodeFeature | Promise<NodeFeature>;
}

export interface AttackContext {
  readonly world: Installation;
  /** A Node with nothing on it. */
  readonly otherNode: string;
  /** What the worker had published before. */
  readonly older: StoredNodeFeature;
}

/** What the attacks would like to see on a Node. */
export const claimedLabel = 'feature.node.kubernetes.io/claimed';

/** Attacks on the object that a worker keeps; it puts each of them right. */
export const attacksOnTheObject: Readonly<Record<string, Attack>> = {
  'a label added to the spec': { expected: 'signature-invalid', forge: (object) => withClaim(object) },
  'a feature changed in the spec': {
    expected: 'signature-invalid',
    forge: (object) => {
      const attributes = { 'test.version': { elements: { major: '7', minor: '0' } } };
      return { ...object, spec: { ...object.spec, features: { ...object.spec.features, attributes } } };
    },
  },
  'an empty map added to the spec': {
    expected: 'signature-invalid',
    forge: (object) => {
      const flags = { ...object.spec.features?.flags, 'test.more': { elements: {} } };
      return { ...object, spec: { ...object.spec, features: { ...object.spec.features, flags } } };
    },
  },
  'the spec taken away': { expected: 'signature-invalid', forge: (object) => ({ ...object, spec: {} }) },
  'the node-name label changed to another node': {
    expected: 'signature-invalid',
    forge: (object, { otherNode }) => withMetadata(object, { labels: { [nodeNameLabel]: otherNode } }),
  },
  'the node-name label taken away': {
    expected: 'covered-keys',
    forge: (object) => withMetadata(object, { labels: {} }),
  },
  'a covered annotation changed': {
    expected: 'signature-invalid',
    forge: (object) => withAnnotation(object, 'nfd.node.kubernetes.io/worker.version', 'v99'),
  },
  'a covered annotation taken away': {
    expected: 'covered-keys',
    forge: (object) => withAnnotation(object, 'nfd.node.kubernetes.io/worker.version', undefined),
  },
  'the seal stripped': {
    expected: 'seal-missing',
    forge: (object) => withSeal(withClaim(object), undefined),
  },
  'the seal stripped with nothing else changed': {
    expected: 'seal-missing',
    forge: (object) => withSeal(object, undefined),
  },
  'the seal of an older object put on a changed one': {
    expected: 'signature-invalid',
    forge: (object, { older }) => withSeal(withClaim(object), sealOf(older)),
  },
  'one character of the signature changed': {
    expected: 'signature-invalid',
    forge: (object) => withSeal(object, flipped(sealOf(object))),
  },
  'the seal cut off': {
    expected: 'seal-malformed',
    forge: (object) => withSeal(object, sealOf(object).slice(0, -100)),
  },
  'an older object replayed': { expected: 'replayed', forge: (_, { older }) => older },
  'another node in the name of which its own worker signs': {
    expected: 'signer-not-allowed',
    forge: (object, { world, otherNode }) => signedBy(workerId(otherNode), withClaim(object), world),
  },
  'a signature by a workload of the same trust domain': {
    expected: 'signer-not-allowed',
    forge: (object, { world }) => signedBy('spiffe://example.org/somebody', withClaim(object), world),
  },
  'a signature for another cluster': {
    expected: 'cluster-mismatch',
    forge: (object, { world }) => signedBy(workerId(object.metadata.name), withClaim(object), world, 'other'),
  },
};

/** Copies of the object elsewhere: nobody keeps them, nobody puts them right. */
export const attacksElsewhere: Readonly<Record<string, Attack>> = {
  'a copy in a namespace that the policy does not name': {
    expected: 'namespace-not-in-policy',
    forge: (object) => withMetadata(object, { namespace: foreignNamespace }),
  },
  'a copy in the namespace of another signer': {
    expected: 'signature-invalid',
    forge: (object) => withMetadata(object, { namespace: vendorNamespace }),
  },
  'a copy under the name of another node': {
    expected: 'signature-invalid',
    forge: (object, { otherNode }) => withMetadata(object, { name: otherNode }),
  },
  'a copy that speaks of another node in name and label': {
    expected: 'signature-invalid',
    forge: (object, { otherNode }) =>
      withMetadata(object, { name: otherNode, labels: { [nodeNameLabel]: otherNode } }),
  },
};

function withClaim(object: NodeFeature): NodeFeature {
  return { ...object, spec: { ...object.spec, labels: { ...object.spec.labels, [claimedLabel]: 'true' } } };
}

function withMetadata(object: NodeFeature, metadata: Partial<NodeFeature['metadata']>): NodeFeature {
  return { ...object, metadata: { ...object.metadata, ...metadata } };
}

function withAnnotation(object: NodeFeature, key: string, value: string | undefined): NodeFeature {
  const { [key]: _, ...others } = object.metadata.annotations ?? {};
  return withMetadata(object, { annotations: value === undefined ? others : { ...others, [key]: value } });
}

function withSeal(object: NodeFeature, seal: string | undefined): NodeFeature {
  return withAnnotation(object, sealAnnotation, seal);
}

function sealOf(object: NodeFeature): string {
  return object.metadata.annotations?.[sealAnnotation] ?? '';
}

/** Not the last character: its lowest bits are no part of the signature. */
function flipped(seal: string): string {
  const at = seal.length - 10;
  return seal.slice(0, at) + (seal[at] === 'A' ? 'B' : 'A') + seal.slice(at + 1);
}

async function signedBy(
  spiffeId: string,
  object: NodeFeature,
  { identity }: Installation,
  forCluster = cluster,
): Promise<NodeFeature> {
  const { apiVersion, kind, metadata, spec } = withSeal(object, undefined);
  const { name, namespace, labels = {}, annotations = {} } = metadata;
  const unsigned = { apiVersion, kind, metadata: { name, namespace, labels, annotations }, spec };
  return signNodeFeature(unsigned, {
    svid: await identity.issue(spiffeId),
    cluster: forCluster,
    now: new Date(),
  });
}
