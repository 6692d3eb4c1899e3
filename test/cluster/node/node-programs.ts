import { join } from 'node:path';
import type { ServerFiles } from '../credentials.ts';
import { etcdSocket, kubeconfigFile, pkiFolder, serviceRange, type Layout } from './layout.ts';

/** One program of the node, with its arguments. */
export interface NodeProgram {
  readonly name: string;
  readonly file: string;
  readonly args: readonly string[];
}

/** All of them; each waits for those before it by itself. */
export function nodePrograms(layout: Layout, files: ServerFiles): readonly NodeProgram[] {
  const { folder, bin, name } = layout;
  const built = (program: string, ...args: readonly string[]): NodeProgram => ({
    name: program,
    file: join(bin, program),
    args,
  });
  return [
    built(
      'etcd',
      `--data-dir=${join(folder, 'etcd')}`,
      `--listen-client-urls=${etcdSocket(layout)}`,
      '--advertise-client-urls=http://localhost:2379',
      '--listen-peer-urls=http://127.0.0.1:0',
      '--unsafe-no-fsync',
      '--log-level=warn',
    ),
    built('kube-apiserver', ...apiServerFlags(layout, files)),
    built(
      'kube-controller-manager',
      `--kubeconfig=${kubeconfigFile(layout, 'kube-controller-manager')}`,
      `--service-account-private-key-file=${files.tokenKey}`,
      `--root-ca-file=${files.ca}`,
      '--use-service-account-credentials=true',
      '--leader-elect=false',
    ),
    built(
      'kube-scheduler',
      `--kubeconfig=${kubeconfigFile(layout, 'kube-scheduler')}`,
      '--leader-elect=false',
    ),
    { name: 'containerd', file: 'containerd', args: ['--config', join(folder, 'containerd.toml')] },
    built('kube-proxy', `--config=${join(folder, 'kube-proxy.json')}`, `--hostname-override=${name}`),
    built(
      'kubelet',
      `--config=${join(folder, 'kubelet.json')}`,
      `--kubeconfig=${kubeconfigFile(layout, 'kubelet')}`,
      `--hostname-override=${name}`,
      `--node-ip=${layout.address}`,
    ),
  ];
}

function apiServerFlags(layout: Layout, files: ServerFiles): readonly string[] {
  const pki = pkiFolder(layout);
  return [
    `--etcd-servers=${etcdSocket(layout)}`,
    `--bind-address=${layout.address}`,
    `--advertise-address=${layout.address}`,
    '--secure-port=6443',
    `--service-cluster-ip-range=${serviceRange}`,
    '--authorization-mode=Node,RBAC',
    '--enable-admission-plugins=NodeRestriction',
    '--allow-privileged=true',
    `--tls-cert-file=${files.certificate}`,
    `--tls-private-key-file=${files.key}`,
    `--client-ca-file=${files.ca}`,
    '--service-account-issuer=https://kubernetes.default.svc',
    `--service-account-signing-key-file=${files.tokenKey}`,
    `--service-account-key-file=${files.tokenPublicKey}`,
    '--kubelet-preferred-address-types=InternalIP',
    `--kubelet-certificate-authority=${files.ca}`,
    `--kubelet-client-certificate=${join(pki, 'kubelet-client.pem')}`,
    `--kubelet-client-key=${join(pki, 'kubelet-client-key.pem')}`,
    '--profiling=false',
  ];
}
