import { z } from 'zod';
import { logLevels } from './log.ts';
import { port, type SettingMeta } from './settings.ts';

/** Settings that worker and master share, key by key, so that both name and explain them alike. */
export const commonSettings = {
  namespace: z
    .string()
    .min(1)
    .max(63)
    .default('featureseal')
    .meta({
      description: 'Namespace of this process.',
      placeholder: 'name',
      shownDefault: 'that of the pod',
    } satisfies SettingMeta),
  kubeconfig: z
    .string()
    .optional()
    .meta({
      description:
        'Kubeconfig file. Looked for in this order: this setting, KUBECONFIG, ~/.kube/config, the service account of the pod.',
      placeholder: 'file',
    } satisfies SettingMeta),
  socket: z
    .string()
    .optional()
    .meta({
      description: 'Address of the Workload API, unix:///path.',
      placeholder: 'address',
      shownDefault: 'SPIFFE_ENDPOINT_SOCKET',
    } satisfies SettingMeta),
  allowTcp: z
    .boolean()
    .default(false)
    .meta({
      description:
        'Accept tcp://IP:port as Workload API address. Whoever can redirect the connection can then give this process an identity.',
      shownDefault: 'false',
    } satisfies SettingMeta),
  healthHost: z
    .string()
    .default('127.0.0.1')
    .meta({
      description: 'Address on which /livez, /readyz and /metrics are served.',
      placeholder: 'ip',
      shownDefault: '127.0.0.1',
    } satisfies SettingMeta),
  healthPort: port.default(8080).meta({
    description: 'Port for the same; 0 takes a free one and logs it.',
    placeholder: 'number',
    shownDefault: '8080',
  } satisfies SettingMeta),
  logLevel: z
    .enum(logLevels)
    .default('info')
    .meta({
      description: `How much is logged: ${logLevels.join(', ')}.`,
      placeholder: 'level',
      shownDefault: 'info',
    } satisfies SettingMeta),
};

/** The environment that Kubernetes' downward API sets in the manifests, by key. */
export function environmentSettings(
  env: Readonly<Record<string, string | undefined>>,
): Record<string, string | undefined> {
  return { node: env['NODE_NAME'], namespace: env['POD_NAMESPACE'] };
}
