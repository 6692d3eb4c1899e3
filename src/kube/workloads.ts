import { z } from 'zod';
import type { ApiClient } from './api-client.ts';
import { listObjects } from './objects.ts';

const text = z.string().default('');
const texts = z.array(z.string()).default([]);
const count = z.number().default(0);

const podShape = z.object({
  serviceAccountName: z.string().default('default'),
  containers: z.array(
    z.object({
      name: z.string(),
      image: text,
      command: texts,
      args: texts,
      volumeMounts: z.array(z.object({ name: z.string(), mountPath: z.string() })).default([]),
    }),
  ),
  volumes: z
    .array(
      z.object({
        name: z.string(),
        configMap: z.object({ name: text }).optional(),
        csi: z.object({ driver: z.string() }).optional(),
      }),
    )
    .default([]),
});

const metadataShape = z.object({
  name: z.string(),
  namespace: z.string(),
  labels: z.record(z.string(), z.string()).default({}),
});

const deploymentShape = z.object({
  metadata: metadataShape,
  spec: z.object({ replicas: z.number().default(1), template: z.object({ spec: podShape }) }),
  status: z.object({ readyReplicas: count, updatedReplicas: count }).prefault({}),
});

const daemonSetShape = z.object({
  metadata: metadataShape,
  spec: z.object({ template: z.object({ spec: podShape }) }),
  status: z
    .object({ desiredNumberScheduled: count, numberReady: count, updatedNumberScheduled: count })
    .prefault({}),
});

export type PodSpec = z.infer<typeof podShape>;

/** A Deployment or a DaemonSet, and how many of its pods there are. */
export interface Workload {
  readonly kind: 'Deployment' | 'DaemonSet';
  readonly namespace: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly pod: PodSpec;
  readonly wanted: number;
  readonly ready: number;
  /** Of the newest template. */
  readonly updated: number;
}

/** Deployments of all namespaces, by a label selector where one is given. */
export async function listDeployments(
  api: ApiClient,
  labelSelector: string | undefined,
  signal: AbortSignal,
): Promise<readonly Workload[]> {
  const resource = {
    path: '/apis/apps/v1/deployments',
    ...(labelSelector === undefined ? {} : { labelSelector }),
  };
  const found = await listObjects(api, resource, deploymentShape, signal);
  return found.map(({ metadata, spec, status }) => ({
    kind: 'Deployment',
    ...metadata,
    pod: spec.template.spec,
    wanted: spec.replicas,
    ready: status.readyReplicas,
    updated: status.updatedReplicas,
  }));
}

/** DaemonSets of all namespaces, by a label selector where one is given. */
export async function listDaemonSets(
  api: ApiClient,
  labelSelector: string | undefined,
  signal: AbortSignal,
): Promise<readonly Workload[]> {
  const resource = {
    path: '/apis/apps/v1/daemonsets',
    ...(labelSelector === undefined ? {} : { labelSelector }),
  };
  const found = await listObjects(api, resource, daemonSetShape, signal);
  return found.map(({ metadata, spec, status }) => ({
    kind: 'DaemonSet',
    ...metadata,
    pod: spec.template.spec,
    wanted: status.desiredNumberScheduled,
    ready: status.numberReady,
    updated: status.updatedNumberScheduled,
  }));
}
