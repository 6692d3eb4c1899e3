// The processes of the cloud and of the site, each as that of a pod, with the pod's token and volume.
import { writeFile } from 'node:fs/promises';
import type { ApiClient, KubeObject } from '../api-client.ts';
import { FeaturesealProcess } from '../featureseal-process.ts';
import { mountsOfNodePlugin } from '../node-plugin-program.ts';
import { cluster, namespace, pluginFiles, policy, trustDomain } from '../scenario.ts';
import { audience, type Kubelet } from './kubelet.ts';
import { identityNamespace } from './shipped.ts';

/** The shortest life that the authority gives. */
const svidTtl = '60s';
/** A seal is never older than a quarter of maxAge where new ones can be made. */
const resignInterval = '10s';
const masterFlags = ['--max-age', '40s', '--deletion-grace', '2s'];

/** @param listen `host:port` */
export async function startAuthority(kubelet: Kubelet, listen: string): Promise<FeaturesealProcess> {
  const pod = await kubelet.pod(identityNamespace, 'deployments/featureseal-identity-authority');
  const path = '/featureseal/worker/{cluster}/{node}';
  const identities = [{ namespace, serviceAccount: 'featureseal-worker', path }];
  return FeaturesealProcess.start({
    command: 'identity authority',
    config: { cluster, trustDomain, namespace: identityNamespace, listen, svidTtl, identities },
    files: { kubeconfig: await kubelet.kubeconfig(pod) },
  });
}

/** Resolves when it serves. */
export async function startNodePlugin(
  kubelet: Kubelet,
  admin: ApiClient,
  authority: string,
  enter: readonly string[],
): Promise<FeaturesealProcess> {
  const pod = await kubelet.pod(identityNamespace, 'daemonsets/featureseal-identity-node-plugin');
  const mounts = await mountsOfNodePlugin(kubelet.folder);
  await writeFile(mounts.bundle, await publishedBundle(admin));
  await writeFile(mounts.token, await kubelet.token(pod, audience), { mode: 0o600 });
  const plugin = await FeaturesealProcess.start({
    command: 'identity node-plugin',
    config: { cluster, trustDomain, node: kubelet.node, authority, ...mounts },
    files: { kubeconfig: await kubelet.kubeconfig(pod) },
    enter,
  });
  await plugin.says(({ message }) => message === 'the node plugin runs');
  return plugin;
}

export async function startWorker(kubelet: Kubelet, enter: readonly string[]): Promise<FeaturesealProcess> {
  const pod = await kubelet.pod(namespace, 'daemonsets/featureseal-worker');
  const plugins = [{ module: './plugin.mjs' }];
  const { node } = kubelet;
  const socket = await kubelet.publish(pod);
  return FeaturesealProcess.start({
    command: 'worker',
    config: { cluster, node, namespace, socket, plugins, discoverInterval: '1s', resignInterval },
    files: { ...pluginFiles, kubeconfig: await kubelet.kubeconfig(pod) },
    enter,
  });
}

export async function startMaster(kubelet: Kubelet): Promise<FeaturesealProcess> {
  const pod = await kubelet.pod(namespace, 'deployments/featureseal-master');
  const socket = await kubelet.publish(pod);
  return FeaturesealProcess.start({
    command: 'master',
    config: { namespace, socket },
    files: { 'policy.yaml': JSON.stringify(policy), kubeconfig: await kubelet.kubeconfig(pod) },
    flags: masterFlags,
  });
}

interface BundleConfigMap extends KubeObject {
  readonly data?: Readonly<Record<string, string>>;
}

/** What the authority has written for all nodes. */
async function publishedBundle(admin: ApiClient): Promise<string> {
  const textOf = ({ data }: BundleConfigMap): string => data?.['bundle.pem'] ?? '';
  const path = `/api/v1/namespaces/${identityNamespace}/configmaps`;
  const isThere = (map: BundleConfigMap): boolean => textOf(map) !== '';
  return textOf(await admin.until<BundleConfigMap>(path, 'featureseal-identity-bundle', isThere));
}
