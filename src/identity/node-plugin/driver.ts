import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { FeaturesealError } from '../../error.ts';
import { pathOf, type ApiClient } from '../../kube/api-client.ts';

/** The name that pods give: the same as of SPIFFE's own driver, so that their manifests fit both. */
export const driverName = 'csi.spiffe.io';
/** Pods find the socket under this name, as SPIRE's. */
export const socketName = 'spire-agent.sock';
/** On the CSIDriver object; SPIFFE's own driver has no such label, but anybody may give it one. */
export const driverLabel = { key: 'featureseal.io/identity', value: 'development' } as const;
/**
 * SPIFFE's own driver has Ephemeral alone. The field is immutable (Kubernetes API, CSIDriverSpec), so the API server
 * refuses to apply ours over it, and no merge makes it look like ours.
 */
const lifecycleModes = ['Ephemeral', 'Persistent'];

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
  const { data: driver } = driverShape.safeParse(json);
  if (driver === undefined) throw mismatch('what the API server answers is no CSIDriver object');
  const foreign = foreignMark(driver);
  if (foreign !== undefined) {
    throw mismatch(`${foreign}, so another driver has the name, SPIFFE's own most likely. ${remedy}`);
  }
  const { podInfoOnMount, requiresRepublish, tokenRequests } = driver.spec;
  const lacking = [
    podInfoOnMount ? [] : ['podInfoOnMount: true'],
    requiresRepublish ? [] : ['requiresRepublish: true'],
    tokenRequests.some((each) => each.audience === audience)
      ? []
      : [`tokenRequests: [{audience: ${audience}}]`],
  ].flat();
  if (lacking.length > 0) throw mismatch(`its spec lacks ${lacking.join(', ')}`);
}

const remedy =
  'This node plugin serves nothing and leaves that driver and its pods alone. Keep that one: scripts/prune --overlay development takes this project off again, and the overlay default works with it. Or take that one off first, and apply again. If its CSIDriver object was changed or deleted, apply its own manifests once more';

/** What tells the object from one of ours; undefined for one of ours. */
function foreignMark({ metadata, spec }: z.infer<typeof driverShape>): string | undefined {
  const { key, value } = driverLabel;
  if (metadata.labels[key] !== value) return `it has no label ${key}=${value}`;
  const modes = spec.volumeLifecycleModes.toSorted();
  if (isDeepStrictEqual(modes, lifecycleModes)) return undefined;
  return `its volumeLifecycleModes are [${modes.join(', ')}] and not [${lifecycleModes.join(', ')}]`;
}

function mismatch(why: string): FeaturesealError {
  return new FeaturesealError({ code: 'driver-mismatch', message: `CSIDriver ${driverName}: ${why}` });
}
