import { ApiClient } from '../../kube/api-client.ts';
import { findConnection } from '../../kube/connection.ts';
import { packageVersion } from '../../runtime/version.ts';
import type { CliContext } from '../context.ts';

/** The API server that a command speaks to. */
export interface Cluster {
  readonly api: ApiClient;
  /** For people: which kubeconfig and context, or the service account of the pod. */
  readonly source: string;
}

/**
 * Finds the API server as worker and master do, and lets go of it at the end.
 *
 * @throws FeaturesealError config-invalid where none is configured
 */
export async function withCluster<T>(
  kubeconfig: string | undefined,
  { env, clock }: Pick<CliContext, 'env' | 'clock'>,
  work: (cluster: Cluster) => Promise<T>,
): Promise<T> {
  const connection = await findConnection({ kubeconfig, environment: env, clock });
  const api = new ApiClient({ connection, clock, userAgent: `featureseal/${packageVersion()}` });
  try {
    return await work({ api, source: connection.source });
  } finally {
    api.close();
  }
}
