import type { ApiClient } from './api-client.ts';
import { shippedObjects, type ShippedObject } from './shipped-objects.ts';

const rbac = '/apis/rbac.authorization.k8s.io/v1';

/**
 * Rights of the groups `masters` and `workers`: those that deploy/base gives to the service accounts, and no others, so
 * that one too few shows in the tests. Groups, because each process here is a user whose writes the audit log tells apart.
 */
export async function grantRights(admin: ApiClient, namespace: string): Promise<void> {
  for (const part of ['master', 'worker']) await grant(admin, `${part}/rbac.yaml`, `${part}s`, namespace);
}

/** To a group in a namespace what a file gives to its service account; the file by its path from deploy/base. */
export async function grant(admin: ApiClient, file: string, group: string, namespace: string): Promise<void> {
  for (const object of await shippedObjects(file)) await create(admin, object, group, namespace);
}

async function create(
  admin: ApiClient,
  object: ShippedObject,
  group: string,
  namespace: string,
): Promise<void> {
  if (object.kind === 'ServiceAccount') return;
  const { name, namespace: isNamespaced } = object.metadata;
  const path = isNamespaced === undefined ? rbac : `${rbac}/namespaces/${namespace}`;
  const subjects = [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'Group', name: group }];
  const bound = object.kind.endsWith('Binding') ? { subjects } : {};
  await admin.create(`${path}/${object.kind.toLowerCase()}s`, { ...object, metadata: { name }, ...bound });
}
