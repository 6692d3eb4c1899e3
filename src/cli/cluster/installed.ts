import { posix } from 'node:path';
import { z } from 'zod';
import type { ApiClient } from '../../kube/api-client.ts';
import { pathOf } from '../../kube/api-client.ts';
import { readObject } from '../../kube/objects.ts';
import { listDaemonSets, listDeployments, type Workload } from '../../kube/workloads.ts';
import { describeSettings, type SettingsSchema } from '../../runtime/settings.ts';

export type Component = 'worker' | 'master';

const configMapShape = z.object({ data: z.record(z.string(), z.string()).default({}) });

/** The labels that the manifests give, whatever the namespace and the names. */
function selectorOf(component: Component): string {
  return `app.kubernetes.io/name=featureseal,app.kubernetes.io/component=${component}`;
}

/** The DaemonSet or the Deployment of this project in the cluster; undefined where there is none. */
export async function findComponent(
  api: ApiClient,
  component: Component,
  signal: AbortSignal,
): Promise<Workload | undefined> {
  const list = component === 'worker' ? listDaemonSets : listDeployments;
  const [found] = await list(api, selectorOf(component), signal);
  return found;
}

/** Settings as a process gets them in the cluster. */
export interface GivenSettings {
  readonly flags: Readonly<Record<string, string | true>>;
  readonly file: { readonly name: string; readonly text: string } | undefined;
}

/** What the arguments of a component's container say, and the configuration file that they name. */
export async function givenSettings(
  api: ApiClient,
  workload: Workload,
  schema: SettingsSchema,
  signal: AbortSignal,
): Promise<GivenSettings> {
  const args = workload.pod.containers.flatMap((container) => container.args);
  const { config, ...flags } = flagsIn(args, schema);
  const file = typeof config === 'string' ? await mountedFile(api, workload, config, signal) : undefined;
  return { flags, file };
}

/** A file of a pod that comes from a ConfigMap; undefined where it comes from elsewhere. */
export async function mountedFile(
  api: ApiClient,
  { namespace, pod }: Workload,
  path: string,
  signal: AbortSignal,
): Promise<{ readonly name: string; readonly text: string } | undefined> {
  const mounts = pod.containers.flatMap((container) => container.volumeMounts);
  const mount = mounts.find(({ mountPath }) => posix.dirname(path) === posix.resolve(mountPath));
  const name = pod.volumes.find((volume) => volume.name === mount?.name)?.configMap?.name;
  if (name === undefined) return undefined;
  const collection = `/api/v1${pathOf('namespaces', namespace, 'configmaps', name)}`;
  const text = (await readObject(api, collection, configMapShape, signal))?.data[posix.basename(path)];
  return text === undefined
    ? undefined
    : { name: `${posix.basename(path)} of ConfigMap ${namespace}/${name}`, text };
}

/** `--key value`, `--key=value` and switches, by the keys of a schema; what it does not know is left out. */
function flagsIn(args: readonly string[], schema: SettingsSchema): Record<string, string | true> {
  const known = describeSettings(schema).map(({ key, flag, placeholder }) => ({ key, flag, placeholder }));
  const all = [...known, { key: 'config', flag: '--config', placeholder: 'file' }];
  const given = args.flatMap((arg, index): [string, string | true][] => {
    const [name = '', ...rest] = arg.split('=');
    const setting = all.find(({ flag }) => flag === name);
    if (setting === undefined) return [];
    if (setting.placeholder === undefined) return [[setting.key, true]];
    return [[setting.key, rest.length > 0 ? rest.join('=') : (args[index + 1] ?? '')]];
  });
  return Object.fromEntries(given);
}
