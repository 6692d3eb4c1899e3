import { basename, join } from 'node:path';
import { containerdSocket, pauseImage, pkiFolder, podRange, type Layout } from './layout.ts';

/** Files of a node that are no credentials, by name. */
export function configurationFiles(layout: Layout): Readonly<Record<string, string>> {
  return {
    'kubelet.json': JSON.stringify(kubelet(layout)),
    'kube-proxy.json': JSON.stringify(kubeProxy(layout)),
    'containerd.toml': containerd(layout),
    'cni/pods.conflist': JSON.stringify(podNetwork),
    'resolv.conf': '# Names are not resolved here.\n',
    address: layout.address,
  };
}

function kubelet(layout: Layout): unknown {
  const pki = pkiFolder(layout);
  return {
    apiVersion: 'kubelet.config.k8s.io/v1beta1',
    kind: 'KubeletConfiguration',
    address: layout.address,
    authentication: { anonymous: { enabled: false }, x509: { clientCAFile: join(pki, 'ca.pem') } },
    tlsCertFile: join(pki, 'server.pem'),
    tlsPrivateKeyFile: join(pki, 'server-key.pem'),
    containerRuntimeEndpoint: `unix://${containerdSocket(layout)}`,
    resolvConf: join(layout.folder, 'resolv.conf'),
    cgroupDriver: 'cgroupfs',
    cgroupRoot: `/${basename(layout.folder)}`,
    // The machine is what it is: cgroup version 1, swap and a full disk are no reason not to test.
    failCgroupV1: false,
    failSwapOn: false,
    evictionHard: {
      'memory.available': '0%',
      'nodefs.available': '0%',
      'imagefs.available': '0%',
      'nodefs.inodesFree': '0%',
    },
    imageGCHighThresholdPercent: 100,
    imageGCLowThresholdPercent: 99,
    // A test waits for these.
    syncFrequency: '10s',
    nodeStatusUpdateFrequency: '2s',
    registerNode: true,
  };
}

function kubeProxy(layout: Layout): unknown {
  return {
    apiVersion: 'kubeproxy.config.k8s.io/v1alpha1',
    kind: 'KubeProxyConfiguration',
    mode: 'iptables',
    bindAddress: layout.address,
    clusterCIDR: podRange,
    clientConnection: { kubeconfig: join(layout.folder, 'kube-proxy.kubeconfig') },
    // Not for a process of a namespace to set.
    conntrack: { maxPerCore: 0, tcpEstablishedTimeout: '0s', tcpCloseWaitTimeout: '0s' },
  };
}

function containerd(layout: Layout): string {
  const { folder } = layout;
  return `version = 2
root = ${JSON.stringify(join(folder, 'containerd'))}
state = ${JSON.stringify(join(folder, 'containerd-state'))}
[grpc]
  address = ${JSON.stringify(containerdSocket(layout))}
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = ${JSON.stringify(pauseImage)}
  restrict_oom_score_adj = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = ${JSON.stringify(join(folder, 'cni'))}
  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
`;
}

const podNetwork = {
  cniVersion: '0.4.0',
  name: 'pods',
  plugins: [
    {
      type: 'bridge',
      bridge: 'pods',
      isGateway: true,
      // A pod may reach itself through a Service.
      hairpinMode: true,
      ipam: {
        type: 'host-local',
        ranges: [[{ subnet: '10.88.0.0/24' }]],
        routes: [{ dst: '0.0.0.0/0' }],
        dataDir: '/run/cni',
      },
    },
  ],
};
