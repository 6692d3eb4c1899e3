import { isObject, ownMember } from '../feature/guard.ts';
import type { ApiClient } from './api-client.ts';

const groupPath = '/apis/nfd.k8s-sigs.io/v1alpha1';

/** Names of the resources of nfd.k8s-sigs.io/v1alpha1 that are installed, `nodefeatures` for example; none without CRDs. */
export async function installedResources(api: ApiClient, signal: AbortSignal): Promise<ReadonlySet<string>> {
  const { status, json } = await api.request({ path: groupPath, signal, expect: [404] });
  const resources = status === 404 || !isObject(json) ? undefined : ownMember(json, 'resources');
  if (!Array.isArray(resources)) return new Set();
  const names = resources.map((each: unknown) => (isObject(each) ? ownMember(each, 'name') : undefined));
  return new Set(names.filter((name): name is string => typeof name === 'string' && !name.includes('/')));
}

/** True where there is at least one object of an NFD resource, in any namespace. */
export async function hasAny(
  api: ApiClient,
  resource: 'nodefeaturerules' | 'nodefeaturegroups',
  signal: AbortSignal,
): Promise<boolean> {
  const { status, json } = await api.request({
    path: `${groupPath}/${resource}`,
    query: { limit: '1' },
    signal,
    expect: [404],
  });
  const items = status === 404 || !isObject(json) ? undefined : ownMember(json, 'items');
  return Array.isArray(items) && items.length > 0;
}
