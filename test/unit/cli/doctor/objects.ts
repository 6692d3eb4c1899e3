// What doctor looks at, as the manifests and others would have put it into the cluster.
import { componentLabels, type FakeCluster } from '../fake-cluster.ts';

export const crdsPath = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
export const csiDriversPath = '/apis/storage.k8s.io/v1/csidrivers';
export const daemonSetsPath = '/apis/apps/v1/daemonsets';
export const deploymentsPath = '/apis/apps/v1/deployments';
const leasesPath = '/apis/coordination.k8s.io/v1/leases';

export function putDriver({ put }: FakeCluster, labels: Record<string, string>, spec: object = {}): void {
  const whole = { podInfoOnMount: true, volumeLifecycleModes: ['Ephemeral'], ...spec };
  put(csiDriversPath, { metadata: { name: 'csi.spiffe.io', labels }, spec: whole });
}

/** The worker's DaemonSet and its ConfigMap. */
export function putWorker(
  { put }: FakeCluster,
  { status, config = 'cluster: demo' }: { readonly status?: object; readonly config?: string } = {},
): void {
  put('/api/v1/configmaps', {
    metadata: { name: 'worker-config', namespace: 'featureseal' },
    data: { 'worker.yaml': config },
  });
  const container = {
    name: 'worker',
    args: ['worker', '--config', '/etc/featureseal/worker.yaml'],
    volumeMounts: [{ name: 'config', mountPath: '/etc/featureseal' }],
  };
  const volumes = [
    { name: 'config', configMap: { name: 'worker-config' } },
    { name: 'socket', csi: { driver: 'csi.spiffe.io' } },
  ];
  put(daemonSetsPath, {
    metadata: { name: 'featureseal-worker', namespace: 'featureseal', labels: componentLabels('worker') },
    spec: {
      template: { spec: { serviceAccountName: 'featureseal-worker', containers: [container], volumes } },
    },
    status: status ?? { desiredNumberScheduled: 1, numberReady: 1, updatedNumberScheduled: 1 },
  });
}

/** A Lease of 15 seconds. */
export function putLease(
  { put }: FakeCluster,
  [namespace, name]: readonly [namespace: string, name: string],
  renewed: Date,
  holderIdentity = 'master-1',
): void {
  const renewTime = renewed.toISOString().replace('Z', '000Z');
  put(leasesPath, {
    metadata: { name, namespace },
    spec: { holderIdentity, leaseDurationSeconds: 15, renewTime },
  });
}

/** What makes pods of this one container, in NFD's namespace. */
export function putPods(
  { put }: FakeCluster,
  collection: string,
  name: string,
  { replicas = 1, ...container }: { readonly replicas?: number; readonly [member: string]: unknown },
): void {
  const template = { spec: { containers: [{ name: 'x', ...container }] } };
  put(collection, { metadata: { name, namespace: 'nfd' }, spec: { replicas, template }, status: {} });
}
