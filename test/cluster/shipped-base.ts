// What deploy/base holds, in a cluster without controllers: the objects stand there, and no pod comes of them.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ApiClient } from './api-client.ts';
import { shippedObjects, type ShippedObject } from './shipped-objects.ts';

const base = join(import.meta.dirname, '../../deploy/base');
const placeholder = 'from-settings';

/** Where an object of this kind is created. */
const collections: Readonly<Record<string, string>> = {
  Namespace: '/api/v1/namespaces',
  ServiceAccount: '/api/v1/namespaces/NAMESPACE/serviceaccounts',
  ConfigMap: '/api/v1/namespaces/NAMESPACE/configmaps',
  Deployment: '/apis/apps/v1/namespaces/NAMESPACE/deployments',
  DaemonSet: '/apis/apps/v1/namespaces/NAMESPACE/daemonsets',
  CSIDriver: '/apis/storage.k8s.io/v1/csidrivers',
  Role: '/apis/rbac.authorization.k8s.io/v1/namespaces/NAMESPACE/roles',
  RoleBinding: '/apis/rbac.authorization.k8s.io/v1/namespaces/NAMESPACE/rolebindings',
  ClusterRole: '/apis/rbac.authorization.k8s.io/v1/clusterroles',
  ClusterRoleBinding: '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings',
};

/** The settings that an overlay fills in. */
export interface BaseSettings {
  readonly namespace: string;
  /** As YAML; the policy that is shipped where absent. */
  readonly policy?: string;
  readonly cluster: string;
  readonly withRights: boolean;
}

/** Roles, configuration, Deployment and DaemonSet as they are shipped. */
export async function createBase(admin: ApiClient, settings: BaseSettings): Promise<void> {
  const { namespace, cluster, withRights } = settings;
  const files = ['worker/daemonset.yaml', 'master/deployment.yaml'];
  if (withRights) files.push('worker/rbac.yaml', 'master/rbac.yaml');
  const objects = (await Promise.all(files.map(shippedObjects))).flat();
  const file = async (path: string): Promise<string> => readFile(join(base, path), 'utf8');
  const maps = [
    configMap('featureseal-master-config', {
      'master.yaml': await file('master/master.yaml'),
      'policy.yaml': settings.policy ?? (await file('master/policy.yaml')),
    }),
    configMap('featureseal-worker-config', {
      'worker.yaml': (await file('worker/worker.yaml')).replace(placeholder, cluster),
    }),
  ];
  await createShipped(admin, [...maps, ...objects], namespace);
}

/** Objects as they are shipped, in the namespace that an overlay fills in; what comes to nothing here is left out. */
export async function createShipped(
  admin: ApiClient,
  objects: readonly ShippedObject[],
  namespace: string,
): Promise<void> {
  for (const object of objects) {
    const collection = collections[object.kind];
    if (collection === undefined) continue;
    const filled: unknown = JSON.parse(JSON.stringify(object).replaceAll(placeholder, namespace));
    await admin.create(collection.replace('NAMESPACE', namespace), filled);
  }
}

function configMap(name: string, data: Readonly<Record<string, string>>): ShippedObject {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: placeholder }, data };
}
