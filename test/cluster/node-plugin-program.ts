import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Program } from './programs.ts';

const main = join(import.meta.dirname, '../../src/cli/main.ts');

/** The sockets of a csi.spiffe.io driver in a folder that stands for kubelet's. */
export const driverSocket = 'kubelet/plugins/csi.spiffe.io/csi.sock';
export const registrationSocket = 'kubelet/plugins_registry/csi.spiffe.io-reg.sock';

/** `featureseal identity node-plugin` as its DaemonSet runs it. `kubelet` in the folder is kubelet's. */
export async function nodePluginProgram(folder: string, kubeconfig: string): Promise<Program> {
  const inFolder = (name: string): string => join(folder, name);
  await mkdir(inFolder('kubelet'), { recursive: true });
  await writeFile(inFolder('kubeconfig'), kubeconfig, { mode: 0o600 });
  const config = {
    cluster: 'demo',
    trustDomain: 'example.org',
    // No test gets as far as the authority, so there is none, and no bundle and token either.
    authority: '127.0.0.1:1',
    bundle: inFolder('bundle.pem'),
    token: inFolder('token'),
    kubeletDir: inFolder('kubelet'),
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
