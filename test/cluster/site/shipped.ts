import type { ApiClient } from '../api-client.ts';
import { installCrds } from '../crds.ts';
import { cluster, namespace } from '../scenario.ts';
import { createBase, createShipped } from '../shipped-base.ts';
import { shippedObjects, type ShippedObject } from '../shipped-objects.ts';

/** Where the development identity and its objects are. */
export const identityNamespace = 'featureseal-identity';

/** Everything that is shipped for a cluster with the development identity; pods do not come of it by themselves. */
export async function installShipped(admin: ApiClient): Promise<void> {
  await installCrds(admin);
  await admin.create('/api/v1/namespaces', { metadata: { name: namespace } });
  await createBase(admin, { namespace, cluster, withRights: true });
  const identity = await shippedObjects('../components/development-identity/objects');
  const isNamespace = ({ kind }: ShippedObject): boolean => kind === 'Namespace';
  const inOrder = [...identity.filter(isNamespace), ...identity.filter((each) => !isNamespace(each))];
  await createShipped(admin, inOrder, identityNamespace);
}
