import { readFile } from 'node:fs/promises';
import { isIPv6 } from 'node:net';
import { join } from 'node:path';
import { FeaturesealError } from '../error.ts';
import type { Clock } from '../port/clock.ts';
import type { Connection, Endpoint } from './endpoint.ts';
import { refreshed } from './refreshed.ts';
import { codeOf } from './thrown.ts';

/** Where kubelet mounts what a pod needs to speak to the API server. */
const serviceAccountFolder = '/var/run/secrets/kubernetes.io/serviceaccount';

type Environment = Readonly<Record<string, string | undefined>>;

/** True in a pod: kubelet names the API server in every container's environment. */
export function isInCluster(environment: Environment): boolean {
  return (environment['KUBERNETES_SERVICE_HOST'] ?? '') !== '';
}

/** The service account of this pod (kubernetes.io/docs/tasks/run-application/access-api-from-pod). */
export function inClusterConnection({
  environment,
  clock,
  folder = serviceAccountFolder,
}: {
  readonly environment: Environment;
  readonly clock: Clock;
  readonly folder?: string | undefined;
}): Connection {
  const origin = originOf(environment);
  const load = async (): Promise<Endpoint> => {
    const [token, ca] = await Promise.all([
      readSecret(join(folder, 'token')),
      readSecret(join(folder, 'ca.crt')),
    ]);
    return {
      origin,
      prefix: '',
      tls: { ca, rejectUnauthorized: true },
      headers: { authorization: `Bearer ${token}` },
    };
  };
  const endpoint = refreshed(load, clock);
  return {
    source: 'the service account of this pod',
    current: () => endpoint.read(),
    renew: () => {
      endpoint.expire();
    },
  };
}

function originOf(environment: Environment): string {
  const host = environment['KUBERNETES_SERVICE_HOST'] ?? '';
  const port = environment['KUBERNETES_SERVICE_PORT'] ?? '443';
  try {
    return new URL(`https://${isIPv6(host) ? `[${host}]` : host}:${port}`).origin;
  } catch (cause) {
    const message = 'KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT do not make an address';
    throw new FeaturesealError({ code: 'config-invalid', message, cause });
  }
}

async function readSecret(file: string): Promise<string> {
  const advice = 'the pod needs a service account and automountServiceAccountToken, which is on by default';
  let text: string;
  try {
    text = (await readFile(file, 'utf8')).trim();
  } catch (cause) {
    const message = `${file} cannot be read (${codeOf(cause)}): ${advice}`;
    throw new FeaturesealError({ code: 'config-invalid', message, cause });
  }
  if (text === '')
    throw new FeaturesealError({ code: 'config-invalid', message: `${file} is empty: ${advice}` });
  return text;
}
