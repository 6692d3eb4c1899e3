import type { Features } from './features.ts';

/** `apiVersion` of every NodeFeature. */
export const apiVersion = 'nfd.k8s-sigs.io/v1alpha1';
/** `kind` of every NodeFeature. */
export const kind = 'NodeFeature';
/** Label that names the node an object speaks of. */
export const nodeNameLabel = 'nfd.node.kubernetes.io/node-name';
/** Namespace of labels that are given without one. */
export const defaultLabelNamespace = 'feature.node.kubernetes.io';

/** `spec` of a NodeFeature. Members are optional as in the CRD. */
export interface NodeFeatureSpec {
  readonly features?: Partial<Features>;
  readonly labels?: Readonly<Record<string, string>>;
}

/** The parts of `metadata` that this package reads or writes. */
export interface NodeFeatureMetadata {
  readonly name: string;
  readonly namespace: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly uid?: string;
  readonly resourceVersion?: string;
}

/** A NodeFeature (nfd.k8s-sigs.io/v1alpha1): what one source says of one node. */
export interface NodeFeature {
  readonly apiVersion: typeof apiVersion;
  readonly kind: typeof kind;
  readonly metadata: NodeFeatureMetadata;
  readonly spec: NodeFeatureSpec;
}
