import { expect, test } from '@jest/globals';
import { find, manifestsOf, podOf, type Manifest, type Workload } from './manifests.ts';
import { describeOverlay } from './overlay.ts';
import { variables } from './spire/containers.ts';

describeOverlay('default', 'overlay default, on a SPIRE that is there', (rendered) => {
  const { manifests, workload, withSettings } = rendered;
  const master = (): Workload => workload('Deployment', 'featureseal-master');
  const identity = (name: string): Manifest => find(manifests, 'ClusterSPIFFEID', name);

  test('brings no part of SPIRE, and nothing of another namespace', () => {
    const spire = manifests.filter(({ apiVersion }) => apiVersion.startsWith('spire.spiffe.io/'));
    expect(spire.map(({ kind, metadata }) => `${kind} ${metadata.name}`).toSorted()).toEqual([
      'ClusterSPIFFEID featureseal-master',
      'ClusterSPIFFEID featureseal-worker',
    ]);
    expect(manifests.filter(({ kind }) => kind === 'CSIDriver')).toEqual([]);
    const namespaces = manifests.map(({ metadata }) => metadata.namespace ?? 'featureseal');
    expect(new Set(namespaces)).toEqual(new Set(['featureseal']));
  });

  test("registers worker and master with the class that the hardened charts' guide leads to", () => {
    for (const name of ['featureseal-worker', 'featureseal-master'])
      expect(identity(name)).toMatchObject({
        metadata: { labels: { 'spire.spiffe.io/class-name': 'spire-mgmt-spire' } },
        spec: { className: 'spire-mgmt-spire', hint: name },
      });
  });

  test('takes the class from its settings, for both', () => {
    const other = manifestsOf(withSettings({ spireClass: 'other-class' }));
    for (const name of ['featureseal-worker', 'featureseal-master'])
      expect(find(other, 'ClusterSPIFFEID', name)).toMatchObject({
        metadata: { labels: { 'spire.spiffe.io/class-name': 'other-class' } },
        spec: { className: 'other-class' },
      });
  });

  test('gives the master an identity of no node, by what the agent sees to be the master', () => {
    const { spec } = identity('featureseal-master');
    expect(spec).toMatchObject({
      spiffeIDTemplate: 'spiffe://{{ .TrustDomain }}/featureseal/master/{{ .ClusterName }}',
      namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'featureseal' } },
      podSelector: { matchLabels: master().spec.template.metadata.labels },
      workloadSelectorTemplates: [
        'k8s:ns:{{ .PodMeta.Namespace }}',
        `k8s:sa:${podOf(master()).serviceAccountName ?? ''}`,
        `k8s:container-name:${podOf(master()).containers[0]?.name ?? ''}`,
      ],
    });
  });

  test("looks for the socket by the name that the hardened charts' agents give it", () => {
    for (const container of podOf(master()).containers)
      expect(variables(container)).toMatchObject({
        SPIFFE_ENDPOINT_SOCKET: 'unix:///spiffe-workload-api/spire-agent.sock',
      });
  });
});
