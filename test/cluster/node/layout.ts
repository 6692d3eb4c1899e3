import { join } from 'node:path';

/** Where the parts of a node are. The addresses are free on every machine: they exist in the node's room only. */
export interface Layout {
  readonly folder: string;
  readonly bin: string;
  readonly name: string;
  readonly address: string;
  readonly url: string;
}

export const serviceRange = '10.96.0.0/16';
/** The first of the range is the API server's. */
export const apiServiceAddress = '10.96.0.1';
export const podRange = '10.88.0.0/16';
export const pauseImage = 'localhost/featureseal-pause:1';

const address = '192.0.2.10';

export function layout(folder: string, bin: string, name: string): Layout {
  return { folder, bin, name, address, url: `https://${address}:6443` };
}

export function pkiFolder({ folder }: Layout): string {
  return join(folder, 'pki');
}

export function kubeconfigFile({ folder }: Layout, user: string): string {
  return join(folder, `${user}.kubeconfig`);
}

export function containerdSocket({ folder }: Layout): string {
  return join(folder, 'containerd.sock');
}

export function etcdSocket({ folder }: Layout): string {
  return `unix://${join(folder, 'etcd.sock')}`;
}
