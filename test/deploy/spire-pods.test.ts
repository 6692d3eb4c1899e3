import { expect, test } from '@jest/globals';
import { temporaryFolder } from '../support/temporary-folder.ts';
import {
  configFile,
  describeRendered,
  find,
  manifestsOf,
  podOf,
  renderedOver,
  workloads,
  type Manifest,
  type Workload,
} from './manifests.ts';
import { describeOverlay } from './overlay.ts';
import { rightsOf } from './rights.ts';
import { containerOf, variables } from './spire/containers.ts';

const socketFolder = '/run/spire/agent-sockets';

describeOverlay('spire', 'the pods of overlay spire', ({ manifests, workload }) => {
  const all = workloads(manifests);
  const agent = (): Workload => workload('DaemonSet', 'spire-agent');
  const driver = (): Workload => workload('DaemonSet', 'spiffe-csi-driver');

  test('gives privilege to the driver alone, for its mounts', () => {
    const contexts = all.flatMap((workload) =>
      podOf(workload).containers.map(({ name, securityContext }) => [name, securityContext] as const),
    );
    const { privileged: _, ...driverContext } = Object.fromEntries(contexts)['spiffe-csi-driver'] ?? {};
    expect(contexts.filter(([, context]) => context?.['privileged'] === true)).toHaveLength(1);
    expect(driverContext).toEqual({ readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } });
    for (const [name, context] of contexts.filter(([name]) => name !== 'spiffe-csi-driver'))
      expect([name, context]).toEqual([
        name,
        { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } },
      ]);
    const mounts = all.flatMap((each) =>
      podOf(each).containers.flatMap(({ volumeMounts = [] }) => volumeMounts),
    );
    expect(mounts.filter((mount) => 'mountPropagation' in mount)).toEqual([
      { name: 'mountpoint-dir', mountPath: '/var/lib/kubelet/pods', mountPropagation: 'Bidirectional' },
    ]);
  });

  test('runs as root only what works in folders of the host', () => {
    const roots = all.filter((each) => podOf(each).securityContext?.['runAsNonRoot'] !== true);
    expect(roots.map(({ metadata }) => metadata.name).toSorted()).toEqual([
      'spiffe-csi-driver',
      'spire-agent',
    ]);
  });

  test('shares with the host the processes of the agent alone', () => {
    const shared = all.flatMap((workload) =>
      ['hostNetwork', 'hostPID', 'hostIPC']
        .filter((each) => podOf(workload)[each] === true)
        .map((each) => [workload.metadata.name, each]),
    );
    expect(shared).toEqual([['spire-agent', 'hostPID']]);
  });

  test('keeps the socket in a folder of the host, the same for agent and driver, and shows it to nobody else', () => {
    const holders = all.filter((workload) =>
      podOf(workload).volumes?.some(({ hostPath }) => hostPath?.path.startsWith('/run') ?? false),
    );
    expect(holders.map(({ metadata }) => metadata.name).toSorted()).toEqual([
      'spiffe-csi-driver',
      'spire-agent',
    ]);
    for (const workload of holders)
      expect(podOf(workload).volumes).toContainEqual({
        name: 'spire-agent-socket-dir',
        hostPath: { path: socketFolder, type: 'DirectoryOrCreate' },
      });
    expect(configFile(manifests, 'spire-agent-config', 'agent.conf')).toContain(
      `socket_path = "${socketFolder}/spire-agent.sock"`,
    );
    for (const name of ['worker', 'master'])
      expect(variables(containerOf(manifests, name))).toMatchObject({
        SPIFFE_ENDPOINT_SOCKET: 'unix:///spiffe-workload-api/spire-agent.sock',
      });
  });

  test('installs the driver as one that mounts ephemeral volumes', () => {
    const { metadata, spec } = find(manifests, 'CSIDriver', 'csi.spiffe.io');
    expect(metadata.labels).toMatchObject({
      'security.openshift.io/csi-ephemeral-volume-profile': 'restricted',
    });
    expect(spec).toEqual({
      attachRequired: false,
      fsGroupPolicy: 'None',
      podInfoOnMount: true,
      volumeLifecycleModes: ['Ephemeral'],
    });
    const folder = podOf(driver()).volumes?.find(({ name }) => name === 'spiffe-csi-socket-dir')?.hostPath
      ?.path;
    expect(containerOf(manifests, 'node-driver-registrar').args).toContain(
      `--kubelet-registration-path=${folder ?? ''}/csi.sock`,
    );
  });

  test('pins every image that is not its own, and no driver that multiplies mounts', () => {
    const images = all
      .flatMap((each) => podOf(each).containers.map(({ image }) => String(image)))
      .filter((image) => image !== 'featureseal');
    expect(images).toHaveLength(5);
    for (const image of images) expect(image).toMatch(/^[a-z\d.]+(\/[a-z-]+)+:v?\d+\.\d+\.\d+$/);
    const version = images.find((image) => image.includes('/spiffe-csi-driver:'))?.split(':')[1] ?? '';
    expect(version.localeCompare('0.2.12', 'en', { numeric: true })).toBeGreaterThanOrEqual(0);
  });

  test('labels every namespace with a level of pod security, the strictest where the keys of the CA are', () => {
    const levels = manifests
      .filter(({ kind }) => kind === 'Namespace')
      .map(({ metadata }) => [metadata.name, metadata.labels?.['pod-security.kubernetes.io/enforce']]);
    expect(Object.fromEntries(levels)).toEqual({
      featureseal: 'privileged',
      'spiffe-csi': 'privileged',
      'spire-server': 'restricted',
      'spire-system': 'privileged',
    });
  });

  test('closes the network of every pod', () => {
    for (const { metadata, spec } of all) {
      const policies = manifests.filter(
        ({ kind, metadata: { name, namespace } }) =>
          kind === 'NetworkPolicy' && name === metadata.name && namespace === metadata.namespace,
      );
      expect(policies).toMatchObject([
        {
          spec: {
            podSelector: { matchLabels: spec.template.metadata.labels },
            policyTypes: ['Ingress', 'Egress'],
          },
        },
      ]);
    }
  });

  test('name only accounts, ConfigMaps and ports that are there', () => {
    const there = (kind: string, name: string, namespace: string | undefined): boolean =>
      manifests.some(
        ({ metadata, ...each }) =>
          each.kind === kind && metadata.name === name && metadata.namespace === namespace,
      );
    for (const workload of all) {
      const { namespace } = workload.metadata;
      const { serviceAccountName = '', volumes = [] } = podOf(workload);
      expect([serviceAccountName, there('ServiceAccount', serviceAccountName, namespace)]).toEqual([
        serviceAccountName,
        true,
      ]);
      for (const { configMap } of volumes)
        if (configMap !== undefined)
          expect([configMap.name, there('ConfigMap', configMap.name, namespace)]).toEqual([
            configMap.name,
            true,
          ]);
    }
    const given = all.flatMap((each) => podOf(each).containers.flatMap(({ ports = [] }) => ports));
    const named = manifests
      .filter(({ kind }) => kind === 'NetworkPolicy' || kind === 'Service')
      .flatMap((each) => [...JSON.stringify(each['spec']).matchAll(/"(?:port|targetPort)":"([a-z-]+)"/g)])
      .map(([, name]) => name);
    expect(given.map(({ name }) => name)).toEqual(expect.arrayContaining(named));
  });

  test('never runs two agents or drivers on one node', () => {
    for (const workload of [agent(), driver()])
      expect(workload.spec['updateStrategy']).toMatchObject({ rollingUpdate: { maxSurge: 0 } });
  });
});

describeRendered('a component on overlay spire', () => {
  const path = temporaryFolder();
  const rendered = (component: string): readonly Manifest[] =>
    manifestsOf(renderedOver('spire', [component], path('deploy')));

  test('nodes-proxy gives agents the right that older kubelets ask for', () => {
    expect(rightsOf(rendered('spire-config/nodes-proxy'), 'spire-system', 'spire-agent')).toEqual([
      '*: get nodes/pods',
      '*: get nodes/proxy',
    ]);
  });

  test('kubelet-certificate makes agents look at the certificate of their kubelet', () => {
    const agent = containerOf(rendered('spire-config/kubelet-certificate'), 'spire-agent');
    expect(variables(agent)).toMatchObject({ SKIP_KUBELET_VERIFICATION: 'false', NODE_IP: undefined });
  });

  test('selinux lets the agent make its socket, and labels its folder before the driver starts', () => {
    const labelled = rendered('csi/selinux');
    const [agent, driver] = ['spire-agent', 'spiffe-csi-driver'].map((name) =>
      podOf(find(labelled, 'DaemonSet', name) as Workload),
    );
    expect(agent?.securityContext).toMatchObject({ seLinuxOptions: { type: 'spc_t', level: 's0' } });
    expect(driver?.initContainers).toMatchObject([
      {
        name: 'set-context',
        image: expect.stringMatching(/:\d+\.\d+$/),
        volumeMounts: [{ name: 'spire-agent-socket-dir' }],
      },
    ]);
  });
});
