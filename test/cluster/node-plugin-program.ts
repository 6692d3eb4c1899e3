import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Program } from './programs.ts';

const main = join(import.meta.dirname, '../../src/cli/main.ts');

/** The sockets of a csi.spiffe.io driver in a folder that stands for kubelet's. */
export const driverSocket = 'kubelet/plugins/csi.spiffe.io/csi.sock';
export const registrationSocket = 'kubelet/plugins_registry/csi.spiffe.io-reg.sock';

/** Where a node plugin finds what kubelet brings to its pod. `kubelet` in the folder is kubelet's, and made here. */
export async function mountsOfNodePlugin(folder: string) {
  const kubeletDir = join(folder, 'kubelet');
  await mkdir(kubeletDir, { recursive: true });
  return { bundle: join(folder, 'bundle.pem'), token: join(folder, 'token'), kubeletDir };
}

/** `featureseal identity node-plugin` as its DaemonSet runs it. */
export async function nodePluginProgram(folder: string, kubeconfig: string): Promise<Program> {
  const inFolder = (name: string): string => join(folder, name);
  await writeFile(inFolder('kubeconfig'), kubeconfig, { mode: 0o600 });
  const config = {
    cluster: 'demo',
    trustDomain: 'example.org',
    // No test with it gets as far as the authority, so there is none, and no bundle and token either.
    authority: '127.0.0.1:1',
    ...(await mountsOfNodePlugin(folder)),
    kubeconfig: inFolder('kubeconfig'),
    healthPort: 0,
  };
  await writeFile(inFolder('config.yaml'), JSON.stringify(config));
  const command = ['identity', 'node-plugin', '--config', inFolder('config.yaml')];
  return {
    name: 'node-plugin',
    file: process.execPath,
    args: ['--conditions=featureseal-source', main, ...command],
    env: { NODE_NAME: 'node-a' },
    output: 'file',
  };
}
