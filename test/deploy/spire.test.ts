import { expect, test } from '@jest/globals';
import { parsePolicy } from '../../src/seal/policy.ts';
import {
  configFile,
  configObject,
  find,
  manifestsOf,
  podOf,
  renderedText,
  type Workload,
} from './manifests.ts';
import { describeOverlay } from './overlay.ts';
import { rightsOf } from './rights.ts';
import { containerOf, variables } from './spire/containers.ts';

const settings = {
  trustDomain: 'td.test',
  cluster: 'berlin',
  namespace: 'seals',
  spireClass: 'berlin-class',
};

describeOverlay('spire', 'overlay spire', ({ text, manifests, workload, withSettings }) => {
  const agent = (): Workload => workload('DaemonSet', 'spire-agent');
  const driver = (): Workload => workload('DaemonSet', 'spiffe-csi-driver');

  test('has no placeholder left', () => {
    expect(text).not.toContain('from-settings');
    expect(text).not.toContain('featureseal-settings');
  });

  test('leaves definitions out, for those that are there must not shrink, and has all in a folder to create', () => {
    expect(manifests.filter(({ kind }) => kind === 'CustomResourceDefinition')).toEqual([]);
    const definitions = manifestsOf(renderedText('spire/crd'));
    expect(new Set(definitions.map(({ kind }) => kind))).toEqual(new Set(['CustomResourceDefinition']));
    expect(definitions.map(({ metadata }) => metadata.name).toSorted()).toEqual([
      'clusterfederatedtrustdomains.spire.spiffe.io',
      'clusterspiffeids.spire.spiffe.io',
      'clusterstaticentries.spire.spiffe.io',
      'nodefeaturegroups.nfd.k8s-sigs.io',
      'nodefeaturerules.nfd.k8s-sigs.io',
      'nodefeatures.nfd.k8s-sigs.io',
    ]);
  });

  test('says trust domain, cluster, namespace and class in one place each', () => {
    const changed = withSettings(settings);
    const other = manifestsOf(changed);
    for (const shipped of ['example.org', 'demo']) expect(changed).not.toContain(shipped);
    const named = { TRUST_DOMAIN: 'td.test', CLUSTER: 'berlin' };
    for (const name of ['spire-server', 'spire-agent', 'spire-controller-manager'])
      expect(variables(containerOf(other, name))).toMatchObject(named);
    expect(variables(containerOf(other, 'spire-controller-manager'))).toMatchObject({
      CLASS_NAME: 'berlin-class',
    });
    expect(find(other, 'ClusterSPIFFEID', 'featureseal-worker')).toMatchObject({
      metadata: { labels: { 'spire.spiffe.io/class-name': 'berlin-class' } },
      spec: {
        className: 'berlin-class',
        namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'seals' } },
      },
    });
    expect(parsePolicy(configFile(other, 'featureseal-master-config', 'policy.yaml'))).toMatchObject({
      cluster: 'berlin',
    });
  });

  test('uses in its configuration each variable that its pods have, and no other', () => {
    const used = (map: string, file: string): readonly string[] => [
      ...new Set(configFile(manifests, map, file).match(/(?<=\$\{)[A-Z_]+/g)),
    ];
    const given = (name: string): readonly string[] => Object.keys(variables(containerOf(manifests, name)));
    expect(given('spire-server')).toEqual(used('spire-server-config', 'server.conf'));
    expect(given('spire-agent').filter((name) => name !== 'NODE_IP')).toEqual(
      used('spire-agent-config', 'agent.conf'),
    );
    expect(given('spire-controller-manager').filter((name) => name !== 'ENABLE_WEBHOOKS')).toEqual(
      used('spire-server-config', 'controller-manager.yaml'),
    );
  });

  test('gives a worker the SPIFFE ID that the policy asks for, with the name of its node', () => {
    const { spec } = find(manifests, 'ClusterSPIFFEID', 'featureseal-worker') as unknown as {
      readonly spec: { readonly spiffeIDTemplate: string };
    };
    const rendered = spec.spiffeIDTemplate
      .replace('{{ .TrustDomain }}', 'example.org')
      .replace('{{ .ClusterName }}', '{cluster}')
      .replace('{{ .PodSpec.NodeName }}', '{node}');
    const policy = configFile(manifests, 'featureseal-master-config', 'policy.yaml');
    expect(policy).toContain(`spiffeIDs: ['${rendered}']`);
  });

  test('gives it to what the agent sees to be the worker, whatever labels a pod has', () => {
    const worker = workload('DaemonSet', 'featureseal-worker');
    const { spec } = find(manifests, 'ClusterSPIFFEID', 'featureseal-worker');
    expect(spec).toMatchObject({
      podSelector: { matchLabels: worker.spec.template.metadata.labels },
      workloadSelectorTemplates: [
        'k8s:ns:{{ .PodMeta.Namespace }}',
        `k8s:sa:${podOf(worker).serviceAccountName ?? ''}`,
        `k8s:container-name:${podOf(worker).containers[0]?.name ?? ''}`,
        'k8s:node-name:{{ .PodSpec.NodeName }}',
      ],
    });
  });

  test('gives the master no identity', () => {
    const identities = manifests.filter(({ kind }) => kind === 'ClusterSPIFFEID');
    expect(identities.map(({ metadata }) => metadata.name)).toEqual(['featureseal-worker']);
  });

  test('attests the nodes of the agents that it runs', () => {
    const { metadata } = agent();
    expect(configFile(manifests, 'spire-server-config', 'server.conf')).toContain(
      `service_account_allow_list = ["${metadata.namespace ?? ''}:${podOf(agent()).serviceAccountName ?? ''}"]`,
    );
    expect(podOf(agent()).volumes).toContainEqual({
      name: 'token',
      projected: {
        sources: [
          { serviceAccountToken: { audience: 'spire-server', path: 'spire-agent', expirationSeconds: 7200 } },
        ],
      },
    });
  });

  test('lets the server review tokens, look at agents, publish its bundle and read what it registers', () => {
    const read = (resource: string): readonly string[] => [`*: list ${resource}`, `*: watch ${resource}`];
    const own = ['clusterfederatedtrustdomains', 'clusterspiffeids', 'clusterstaticentries'];
    expect(rightsOf(manifests, 'spire-server', 'spire-server')).toEqual(
      [
        '*: create authentication.k8s.io/tokenreviews',
        '*: get nodes',
        'spire-system: get pods',
        'spire-system: get configmaps[spire-bundle]',
        'spire-system: patch configmaps[spire-bundle]',
        ...['endpoints', 'namespaces', 'nodes', 'pods'].flatMap(read),
        ...own.flatMap((resource) => read(`spire.spiffe.io/${resource}`)),
        '*: update spire.spiffe.io/clusterspiffeids/status',
        '*: update spire.spiffe.io/clusterstaticentries/status',
      ].toSorted(),
    );
    expect(find(manifests, 'ConfigMap', 'spire-bundle').metadata.namespace).toBe('spire-system');
  });

  test('lets an agent ask kubelet for its pods, and nothing else', () => {
    expect(rightsOf(manifests, 'spire-system', 'spire-agent')).toEqual(['*: get nodes/pods']);
  });

  test('lets the driver ask for nothing', () => {
    expect(rightsOf(manifests, 'spiffe-csi', 'spiffe-csi-driver')).toEqual([]);
    expect(podOf(driver())).toMatchObject({ automountServiceAccountToken: false });
  });

  test('marks all as its own, which is what scripts/prune takes away', () => {
    for (const { metadata } of manifests)
      expect(metadata.labels).toMatchObject({ 'app.kubernetes.io/part-of': 'featureseal' });
  });

  test('registers pods of its namespace, which the controller manager does not ignore', () => {
    const { ignoreNamespaces } = configObject(
      manifests,
      'spire-server-config',
      'controller-manager.yaml',
    ) as { readonly ignoreNamespaces: readonly string[] };
    const namespaces = manifests
      .filter(({ kind }) => kind === 'Namespace')
      .map(({ metadata }) => metadata.name);
    expect(
      namespaces.filter((name) => !ignoreNamespaces.some((each) => new RegExp(each).test(name))),
    ).toEqual(['featureseal']);
  });
});
