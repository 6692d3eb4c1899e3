import { beforeEach, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { temporaryFolder } from '../support/temporary-folder.ts';
import {
  configFile,
  describeRendered,
  find,
  manifestsOf,
  podOf,
  renderedOver,
  type Container,
  type Manifest,
  type PodSpec,
  type Workload,
} from './manifests.ts';
import { variables } from './spire/containers.ts';

const edgeRole = 'node-role.kubernetes.io/edge';
const offTheEdge = {
  nodeAffinity: {
    requiredDuringSchedulingIgnoredDuringExecution: {
      nodeSelectorTerms: [{ matchExpressions: [{ key: edgeRole, operator: 'DoesNotExist' }] }],
    },
  },
};

const dnsPorts = {
  ports: [
    { port: 53, protocol: 'UDP' },
    { port: 53, protocol: 'TCP' },
  ],
};

describeRendered('component kubeedge on overlay edge', () => {
  const path = temporaryFolder();
  let text = '';
  let manifests: readonly Manifest[] = [];
  const pod = (kind: Workload['kind'], name: string): PodSpec =>
    podOf(find(manifests, kind, name) as Workload);
  const container = (name: string): Container => pod('DaemonSet', name).containers[0] as Container;

  // In the first test's folder, once.
  beforeEach(() => {
    if (text !== '') return;
    text = renderedOver('edge', ['deploy/components/kubeedge'], path('deploy'));
    manifests = manifestsOf(text);
  });

  test('has no placeholder left', () => {
    for (const placeholder of ['from-settings', 'kubeedge-settings']) expect(text).not.toContain(placeholder);
  });

  test('tells the worker where the API server is, and lets it speak as its own service account', () => {
    const file = String(variables(container('featureseal-worker'))['KUBECONFIG']);
    const mounted = container('featureseal-worker').volumeMounts?.find(({ name }) => name === 'config');
    const [folder, name = ''] = [mounted?.mountPath, file.split('/').at(-1)];
    expect(file).toBe(`${String(folder)}/${name}`);

    const account = '/var/run/secrets/kubernetes.io/serviceaccount';
    expect(parse(configFile(manifests, 'featureseal-worker-config', name))).toMatchObject({
      'current-context': 'cloud',
      contexts: [{ name: 'cloud', context: { cluster: 'cloud', user: 'worker' } }],
      clusters: [
        {
          name: 'cloud',
          cluster: {
            server: 'https://kubernetes.cloud.example:6443',
            'certificate-authority': `${account}/ca.crt`,
          },
        },
      ],
      users: [{ name: 'worker', user: { tokenFile: `${account}/token` } }],
    });
    expect(pod('DaemonSet', 'featureseal-worker')).toMatchObject({
      serviceAccountName: 'featureseal-worker',
      automountServiceAccountToken: true,
    });
  });

  test('leaves the configuration of the worker as it is', () => {
    const plain = manifestsOf(renderedOver('edge', [], path('plain/deploy')));
    const worker = (of: readonly Manifest[]): string =>
      configFile(of, 'featureseal-worker-config', 'worker.yaml');
    expect(worker(manifests)).toBe(worker(plain));
  });

  test('needs no inline CSI volume, which EdgeCore does not mount', () => {
    expect(text).not.toContain('csi.spiffe.io');
  });

  test.each([
    ['Deployment', 'featureseal-master'],
    ['StatefulSet', 'spire-server'],
    ['DaemonSet', 'spire-agent'],
  ] as const)('keeps the %s %s off nodes that tell pods of no API server', (kind, name) => {
    expect(pod(kind, name)['affinity']).toEqual(offTheEdge);
  });

  test('lets workers ask for the name that they go to the API server by', () => {
    const { spec } = find(manifests, 'NetworkPolicy', 'featureseal-worker');
    expect(spec).toMatchObject({ egress: [{ ports: [{ port: 443 }, { port: 6443 }] }, dnsPorts] });
  });

  test('runs a worker on every node', () => {
    const { affinity, nodeSelector } = pod('DaemonSet', 'featureseal-worker');
    expect({ affinity, nodeSelector }).toEqual({ nodeSelector: { 'kubernetes.io/os': 'linux' } });
  });

  test('runs another agent on nodes of the edge, in which all but the ways to kubelet and server is the same', () => {
    const { affinity: _, ...usual } = pod('DaemonSet', 'spire-agent');
    const [agent] = usual.containers;
    const env = Object.entries({
      ...variables(agent as Container),
      SERVER_ADDRESS: 'spire.site.example',
      // EdgeCore's kubelet has this port alone, at 127.0.0.1 of its node.
      KUBELET_READ_ONLY_PORT: '10350',
    }).map(([name, value]) => (value === undefined ? expect.objectContaining({ name }) : { name, value }));
    expect(pod('DaemonSet', 'spire-agent-edge')).toEqual({
      ...usual,
      automountServiceAccountToken: false,
      hostNetwork: true,
      dnsPolicy: 'Default',
      nodeSelector: { ...(usual['nodeSelector'] as object), [edgeRole]: '' },
      containers: [{ ...agent, env }],
    });
  });

  test("lets agents to the server from outside of the cluster's pods, and nobody else nearer than before", () => {
    const { spec } = find(manifests, 'NetworkPolicy', 'spire-server');
    const { ingress } = spec as { readonly ingress: readonly object[] };
    expect(ingress[1]).toEqual({ ports: [{ port: 'grpc', protocol: 'TCP' }] });
    expect(ingress[0]).toHaveProperty('from');
    expect(ingress).toHaveLength(2);
  });

  test('has the two agents select pods of their own each', () => {
    const selectors = ['spire-agent', 'spire-agent-edge'].map((name) => {
      const { spec, metadata } = find(manifests, 'DaemonSet', name) as Workload;
      const label = { 'app.kubernetes.io/name': name };
      expect(metadata.labels).toEqual({ ...label, 'app.kubernetes.io/part-of': 'featureseal' });
      expect(spec.template.metadata.labels).toEqual(label);
      return spec['selector'];
    });
    expect(selectors).toEqual([
      { matchLabels: { 'app.kubernetes.io/name': 'spire-agent' } },
      { matchLabels: { 'app.kubernetes.io/name': 'spire-agent-edge' } },
    ]);
  });

  test.each([
    ['join-token', { BY_CERTIFICATE: 'false', BY_TOKEN: 'true' }],
    ['unix-attestor', { BY_KUBELET: 'false' }],
  ])('takes spire-config/edge/%s for both agents', (component, changed) => {
    const components = ['deploy/components/kubeedge', `spire-config/edge/${component}`];
    const both = manifestsOf(renderedOver('edge', components, path(`${component}/deploy`)));
    for (const name of ['spire-agent', 'spire-agent-edge']) {
      const [agent] = podOf(find(both, 'DaemonSet', name) as Workload).containers;
      expect(variables(agent as Container)).toMatchObject(changed);
    }
  });

  test('meta-server over it leaves the way to EdgeCore, and gives CloudCore what the worker may', () => {
    const components = ['deploy/components/kubeedge', 'deploy/components/kubeedge/meta-server'];
    const over = manifestsOf(renderedOver('edge', components, path('meta-server/deploy')));
    const [worker] = podOf(find(over, 'DaemonSet', 'featureseal-worker') as Workload).containers;
    // So it takes the service account of its pod, and the address that EdgeCore tells.
    expect(variables(worker as Container)).not.toHaveProperty('KUBECONFIG');
    expect(find(over, 'NetworkPolicy', 'featureseal-worker')).toMatchObject({
      spec: {
        egress: [{ ports: [{ port: 443 }, { port: 6443 }, { port: 10550, protocol: 'TCP' }] }, dnsPorts],
      },
    });
    const [ofWorker] = find(over, 'Role', 'featureseal-worker')['rules'] as readonly object[];
    expect(find(over, 'ClusterRole', 'featureseal-cloudcore')).toMatchObject({
      metadata: { labels: { 'rbac/aggregate-to-cloudcore': 'true' } },
      rules: [ofWorker, { resources: ['serviceaccountaccesses'], verbs: ['get'] }],
    });
  });
});
