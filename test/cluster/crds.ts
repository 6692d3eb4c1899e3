import type { ApiClient, KubeObject } from './api-client.ts';
import { shippedObjects } from './shipped-objects.ts';

const path = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';

interface Crd extends KubeObject {
  readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
}

/** Installs the CustomResourceDefinitions that this project ships, and waits until they are served. */
export async function installCrds(admin: ApiClient): Promise<void> {
  const crds = await shippedObjects('crd');
  await Promise.all(crds.map((crd) => admin.create(path, crd)));
  for (const { metadata } of crds) await admin.until<Crd>(path, metadata.name, isEstablished);
}

function isEstablished({ status }: Crd): boolean {
  return status?.conditions?.some(({ type, status }) => type === 'Established' && status === 'True') ?? false;
}
