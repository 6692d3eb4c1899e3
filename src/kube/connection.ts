import { access } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { FeaturesealError } from '../error.ts';
import type { Clock } from '../port/clock.ts';
import type { Connection } from './endpoint.ts';
import { inClusterConnection, isInCluster } from './in-cluster.ts';

export interface ConnectionOptions {
  /** The flag `--kubeconfig`. */
  readonly kubeconfig?: string | undefined;
  /** HOME, KUBECONFIG, KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT count. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  /** Where the service account's `token` and `ca.crt` are mounted. */
  readonly serviceAccountFolder?: string;
}

/**
 * Finds the API server, in this order: the flag `--kubeconfig`, the variable KUBECONFIG, `~/.kube/config` where it
 * exists, the service account of the pod. Nothing is asked of the server yet.
 *
 * @throws FeaturesealError config-invalid where none of them is there, or the first one that is cannot be used
 */
export async function findConnection(options: ConnectionOptions): Promise<Connection> {
  const { environment, clock } = options;
  const files = await kubeconfigFiles(options);
  if (files.length > 0) {
    // Only here: a pod that runs with its service account never loads the library behind this.
    const { kubeconfigConnection } = await import('./kubeconfig.ts');
    return kubeconfigConnection(files, clock);
  }
  if (isInCluster(environment)) {
    return inClusterConnection({ environment, clock, folder: options.serviceAccountFolder });
  }
  const message =
    'no Kubernetes API server is configured: give --kubeconfig FILE, set KUBECONFIG, write ~/.kube/config, or run in a pod whose kubelet sets KUBERNETES_SERVICE_HOST';
  throw new FeaturesealError({ code: 'config-invalid', message });
}

async function kubeconfigFiles({ kubeconfig, environment }: ConnectionOptions): Promise<readonly string[]> {
  if (kubeconfig !== undefined && kubeconfig !== '') return [kubeconfig];
  const listed = environment['KUBECONFIG']?.split(delimiter).filter((file) => file !== '') ?? [];
  if (listed.length > 0) return listed;
  const home = environment['HOME'];
  if (home === undefined || home === '') return [];
  const file = join(home, '.kube', 'config');
  return (await exists(file)) ? [file] : [];
}

async function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}
