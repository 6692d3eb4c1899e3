import type { Discovery } from '../feature/features.ts';
import { apiVersion, kind, nodeNameLabel, type NodeFeature } from '../feature/node-feature.ts';
import type { WorkerSettings } from './settings.ts';

/** The object that a worker publishes, before it is sealed. */
export function nodeFeatureOf(
  discovery: Discovery,
  { node, namespace, version }: WorkerSettings,
): NodeFeature {
  return {
    apiVersion,
    kind,
    metadata: {
      name: node,
      namespace,
      labels: { [nodeNameLabel]: node },
      annotations: { 'nfd.node.kubernetes.io/worker.version': version },
    },
    spec: { features: discovery.features, labels: discovery.labels },
  };
}
