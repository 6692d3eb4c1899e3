import type { SecureContextOptions } from 'node:tls';
import { access } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { FeaturesealError } from '../error.ts';
import type { Clock } from '../port/clock.ts';
import { inClusterConnection, isInCluster } from './in-cluster.ts';

/** Where the API server is and how to be somebody there, at this moment. */
export interface Endpoint {
  /** `https://host:port`. */
  readonly origin: string;
  /** What stands before every path, `/k8s/clusters/c1` for example; mostly empty. */
  readonly prefix: string;
  readonly tls: Pick<SecureContextOptions, 'ca' | 'cert' | 'key' | 'passphrase' | 'pfx'> & {
    readonly servername?: string;
    readonly rejectUnauthorized: boolean;
  };
  /** Authorization and the like: secret. */
  readonly headers: Readonly<Record<string, string>>;
}

/** A way to the API server. Certificates and tokens are read again when they change. */
export interface Connection {
  /** For messages: `the service account of this pod`, or which kubeconfig and context. */
  readonly source: string;
  /** @throws FeaturesealError config-invalid where a file is missing or wrong */
  current(): Promise<Endpoint>;
  /** The server refused the credentials: read everything again before the next call. */
  renew(): void;
}

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
    'no Kubernetes API server is configured: give --kubeconfig FILE, set KUBECONFIG, write ~/.kube/config, or run in a pod';
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
