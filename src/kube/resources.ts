import { pathOf } from './api-client.ts';

/** A collection of the API: what can be listed and watched. */
export interface Resource {
  readonly path: string;
  readonly fieldSelector?: string;
  readonly labelSelector?: string;
  /** Forms to ask for other than plain JSON. */
  readonly acceptList?: string;
  readonly acceptOne?: string;
}

const metadataOnly = (kind: string): string =>
  `application/json;as=${kind};v=v1;g=meta.k8s.io,application/json`;

/** Nodes without spec and status: those are the large parts, and change every few seconds. */
export const nodes: Resource = {
  path: '/api/v1/nodes',
  acceptList: metadataOnly('PartialObjectMetadataList'),
  acceptOne: metadataOnly('PartialObjectMetadata'),
};

/** NodeFeatures of all namespaces. */
export const nodeFeatures: Resource = { path: '/apis/nfd.k8s-sigs.io/v1alpha1/nodefeatures' };

/** NodeFeatures of one namespace. */
export function nodeFeaturesIn(namespace: string): Resource {
  return { path: `/apis/nfd.k8s-sigs.io/v1alpha1${pathOf('namespaces', namespace, 'nodefeatures')}` };
}

/** Path of one object of a collection. */
export function objectPath(resource: Resource, name: string): string {
  return `${resource.path}${pathOf(name)}`;
}
