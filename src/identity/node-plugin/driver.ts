import { z } from 'zod';
import { FeaturesealError } from '../../error.ts';
import { pathOf, type ApiClient } from '../../kube/api-client.ts';

/** The name that pods give: the same as of SPIFFE's own driver, so that their manifests fit both. */
export const driverName = 'csi.spiffe.io';
/** Pods find the socket under this name, as SPIRE's. */
export const socketName = 'spire-agent.sock';
/** On the CSIDriver object; SPIFFE's own driver has no such label. */
const driverLabel = { key: 'featureseal.io/identity', value: 'development' } as const;

const driverShape = z.object({
  metadata: z.object({ labels: z.record(z.string(), z.string()).default({}) }),
  spec: z.object({
    podInfoOnMount: z.boolean().default(false),
    requiresRepublish: z.boolean().default(false),
    volumeLifecycleModes: z.array(z.string()).default([]),
    tokenRequests: z.array(z.object({ audience: z.string().default('') })).default([]),
  }),
});

/**
 * Looks whether the cluster's driver of this name is this one, and whether kubelet will tell what is needed. Two
 * drivers of one name on a node would take each other's pods.
 *
 * @throws FeaturesealError driver-mismatch; store-* where the API server fails
 */
export async function checkDriver(api: ApiClient, audience: string, signal: AbortSignal): Promise<void> {
  const path = `/apis/storage.k8s.io/v1${pathOf('csidrivers', driverName)}`;
  const { status, json } = await api.request({ path, signal, expect: [404], timeoutMs: 10_000 });
  if (status === 404) throw mismatch('it is missing; apply the manifests of the development identity');
  const driver = driverShape.safeParse(json);
  if (!driver.success || driver.data.metadata.labels[driverLabel.key] !== driverLabel.value) {
    throw mismatch(
      `it has no label ${driverLabel.key}=${driverLabel.value}, so it belongs to another driver, SPIFFE's own most likely; use that one, or remove it first`,
    );
  }
  const { podInfoOnMount, requiresRepublish, volumeLifecycleModes, tokenRequests } = driver.data.spec;
  const lacking = [
    podInfoOnMount ? [] : ['podInfoOnMount: true'],
    requiresRepublish ? [] : ['requiresRepublish: true'],
    volumeLifecycleModes.includes('Ephemeral') ? [] : ['volumeLifecycleModes: [Ephemeral]'],
    tokenRequests.some((each) => each.audience === audience)
      ? []
      : [`tokenRequests: [{audience: ${audience}}]`],
  ].flat();
  if (lacking.length > 0) throw mismatch(`its spec lacks ${lacking.join(', ')}`);
}

function mismatch(why: string): FeaturesealError {
  return new FeaturesealError({ code: 'driver-mismatch', message: `CSIDriver ${driverName}: ${why}` });
}
