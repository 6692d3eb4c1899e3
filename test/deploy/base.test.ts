import { expect, test } from '@jest/globals';
import { masterConfigSchema } from '../../src/master/config.ts';
import { parsePolicy } from '../../src/seal/policy.ts';
import { workerConfigSchema } from '../../src/worker/config.ts';
import { configFile, configObject, find, manifestsOf, podOf, workloads, type Workload } from './manifests.ts';
import { describeOverlay } from './overlay.ts';
import { rightsOf } from './rights.ts';

const namespace = 'featureseal';

describeOverlay('default', 'overlay default', ({ text, manifests, workload, withSettings }) => {
  const worker = (): Workload => workload('DaemonSet', 'featureseal-worker');
  const master = (): Workload => workload('Deployment', 'featureseal-master');

  test('has no placeholder left', () => {
    expect(text).not.toContain('from-settings');
    expect(text).not.toContain('featureseal-settings');
  });

  test('says trust domain, cluster and namespace in one place each', () => {
    const settings = { trustDomain: 'td.test', cluster: 'berlin', namespace: 'seals' };
    const changed = withSettings(settings);
    const other = manifestsOf(changed);
    expect(changed).not.toContain('example.org');
    expect(changed).not.toContain('demo');
    expect(new Set(other.map(({ metadata }) => metadata.namespace))).toEqual(new Set([undefined, 'seals']));
    expect(rightsOf(other, 'seals', 'featureseal-worker')).toHaveLength(5);
    expect(changed).toContain("'system:serviceaccount:seals:featureseal-worker'");
    expect(find(other, 'Namespace', 'seals')).toBeDefined();
    expect(parsePolicy(configFile(other, 'featureseal-master-config', 'policy.yaml'))).toMatchObject({
      cluster: 'berlin',
      signers: [{ namespace: 'seals' }],
    });
    expect(configFile(other, 'featureseal-master-config', 'policy.yaml')).toContain(
      'spiffe://td.test/featureseal/worker/{cluster}/{node}',
    );
    expect(configObject(other, 'featureseal-worker-config', 'worker.yaml')).toMatchObject({
      cluster: 'berlin',
    });
  });

  test('lets a worker write NodeFeatures of its namespace, and nothing else', () => {
    const nodeFeatures = ['create', 'get', 'list', 'update', 'watch'].map(
      (verb) => `featureseal: ${verb} nfd.k8s-sigs.io/nodefeatures`,
    );
    expect(rightsOf(manifests, namespace, 'featureseal-worker')).toEqual(nodeFeatures);
  });

  test('lets a master label nodes, report and elect a leader, and nothing else', () => {
    expect(rightsOf(manifests, namespace, 'featureseal-master')).toEqual([
      '*: create events.k8s.io/events',
      '*: get nfd.k8s-sigs.io/nodefeatures',
      '*: get nodes',
      '*: list nfd.k8s-sigs.io/nodefeaturegroups',
      '*: list nfd.k8s-sigs.io/nodefeaturerules',
      '*: list nfd.k8s-sigs.io/nodefeatures',
      '*: list nodes',
      '*: patch events.k8s.io/events',
      '*: patch nodes',
      '*: watch nfd.k8s-sigs.io/nodefeatures',
      '*: watch nodes',
      'featureseal: create coordination.k8s.io/leases',
      'featureseal: get coordination.k8s.io/leases[featureseal-master]',
      'featureseal: update coordination.k8s.io/leases[featureseal-master]',
    ]);
  });

  test('binds a worker to the object of its own node', () => {
    const policy = find(manifests, 'ValidatingAdmissionPolicy', 'featureseal-worker-own-object-only');
    expect(policy['spec']).toMatchObject({
      failurePolicy: 'Fail',
      matchConditions: [
        { expression: "request.userInfo.username == 'system:serviceaccount:featureseal:featureseal-worker'" },
      ],
    });
    const binding = find(manifests, 'ValidatingAdmissionPolicyBinding', policy.metadata.name);
    expect(binding['spec']).toEqual({ policyName: policy.metadata.name, validationActions: ['Deny'] });
  });

  test.each([
    ['worker', worker],
    ['master', master],
  ])('gives the %s no privilege', (_, workload) => {
    const pod = podOf(workload());
    expect(pod.securityContext).toMatchObject({
      runAsNonRoot: true,
      seccompProfile: { type: 'RuntimeDefault' },
    });
    for (const shared of ['hostNetwork', 'hostPID', 'hostIPC']) expect(pod).not.toHaveProperty(shared);
    expect(pod).not.toHaveProperty('initContainers');
    for (const { securityContext, ports = [] } of pod.containers) {
      expect(securityContext).toEqual({
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ['ALL'] },
      });
      for (const port of ports) expect(port).not.toHaveProperty('hostPort');
    }
  });

  test.each([
    ['worker', worker],
    ['master', master],
  ])('brings the %s its socket by csi.spiffe.io', (_, workload) => {
    const pod = podOf(workload());
    const socket = pod.volumes?.find(({ name }) => name === 'spiffe-workload-api');
    expect(socket).toEqual({ name: 'spiffe-workload-api', csi: { driver: 'csi.spiffe.io', readOnly: true } });
    const mounts = pod.containers.flatMap(({ volumeMounts = [] }) => volumeMounts);
    expect(mounts).toContainEqual({
      name: 'spiffe-workload-api',
      mountPath: '/spiffe-workload-api',
      readOnly: true,
    });
  });

  test('shows a worker these paths of the host, read-only, and a master none', () => {
    const { volumes = [], containers } = podOf(worker());
    const paths = volumes.flatMap(({ hostPath }) => (hostPath === undefined ? [] : [hostPath.path]));
    // A line more is a decision: none of them holds a socket, a secret or another process.
    expect(paths.toSorted()).toEqual([
      '/boot',
      '/etc/kubernetes/node-feature-discovery/features.d',
      '/etc/os-release',
      '/lib/modules',
      '/sys',
      '/usr/lib',
      '/usr/src',
    ]);
    for (const { name, hostPath } of volumes) {
      const mounts = containers[0]?.volumeMounts?.filter((mount) => mount.name === name);
      if (hostPath !== undefined)
        expect(mounts).toEqual([{ name, mountPath: `/host${hostPath.path}`, readOnly: true }]);
    }
    expect(configObject(manifests, 'featureseal-worker-config', 'worker.yaml')).toMatchObject({
      hostRoot: '/host',
      procRoot: '/proc',
    });
    expect(podOf(master()).volumes?.filter(({ hostPath }) => hostPath !== undefined)).toEqual([]);
  });

  test('never runs two workers on one node', () => {
    expect(worker().spec['updateStrategy']).toMatchObject({ rollingUpdate: { maxSurge: 0 } });
  });

  test('runs two masters that elect a leader and outlive a drain', () => {
    expect(master().spec['replicas']).toBe(2);
    expect(configObject(manifests, 'featureseal-master-config', 'master.yaml')).toMatchObject({
      leaderElection: true,
    });
    expect(find(manifests, 'PodDisruptionBudget', 'featureseal-master')['spec']).toMatchObject({
      maxUnavailable: 1,
      selector: { matchLabels: master().spec.template.metadata.labels },
    });
  });

  test('lets kubelet ask every pod how it is', () => {
    for (const name of ['worker', 'master']) {
      const config = configObject(manifests, `featureseal-${name}-config`, `${name}.yaml`);
      expect(config).toMatchObject({ healthHost: '0.0.0.0' });
    }
    for (const container of [worker(), master()].flatMap((each) => podOf(each).containers)) {
      expect(container).toMatchObject({
        ports: [{ name: 'health', containerPort: 8080 }],
        startupProbe: { httpGet: { path: '/livez', port: 'health' } },
        livenessProbe: { httpGet: { path: '/livez', port: 'health' } },
        readinessProbe: { httpGet: { path: '/readyz', port: 'health' } },
      });
    }
  });

  test('closes the network of every pod but for probes and the API server', () => {
    for (const { metadata, spec } of workloads(manifests)) {
      expect(find(manifests, 'NetworkPolicy', metadata.name)['spec']).toMatchObject({
        podSelector: { matchLabels: spec.template.metadata.labels },
        policyTypes: ['Ingress', 'Egress'],
        ingress: [{ ports: [{ port: 'health' }] }],
        egress: [{ ports: [{ port: 443 }, { port: 6443 }] }],
      });
    }
  });

  test('marks all but the definitions as its own, which is what scripts/prune takes away', () => {
    const unmarked = manifests.filter(
      ({ metadata }) => metadata.labels?.['app.kubernetes.io/part-of'] !== 'featureseal',
    );
    expect(new Set(unmarked.map(({ kind }) => kind))).toEqual(new Set(['CustomResourceDefinition']));
  });

  test('labels every namespace with a level of pod security', () => {
    const levels = manifests
      .filter(({ kind }) => kind === 'Namespace')
      .map(({ metadata }) => [metadata.name, metadata.labels?.['pod-security.kubernetes.io/enforce']]);
    expect(levels).toEqual([[namespace, 'privileged']]);
  });

  test('holds configuration that the processes accept', () => {
    const workerConfig = configObject(manifests, 'featureseal-worker-config', 'worker.yaml');
    expect(workerConfigSchema.safeParse({ ...workerConfig, node: 'node-a' }).error).toBeUndefined();
    const masterConfig = configObject(manifests, 'featureseal-master-config', 'master.yaml');
    expect(masterConfigSchema.safeParse(masterConfig).error).toBeUndefined();
    const policy = parsePolicy(configFile(manifests, 'featureseal-master-config', 'policy.yaml'));
    expect(policy).toMatchObject({ cluster: 'demo', mode: 'enforce', signers: [{ namespace }] });
  });

  test('restarts pods when their configuration changes', () => {
    for (const workload of workloads(manifests)) {
      const { volumes = [] } = podOf(workload);
      for (const { configMap } of volumes)
        if (configMap !== undefined) expect(find(manifests, 'ConfigMap', configMap.name)).toBeDefined();
    }
  });
});
