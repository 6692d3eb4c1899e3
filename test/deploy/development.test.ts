import { expect, test } from '@jest/globals';
import { authorityConfigSchema } from '../../src/identity/authority-service/config.ts';
import { nodePluginConfigSchema } from '../../src/identity/node-plugin/config.ts';
import {
  configObject,
  find,
  manifestsOf,
  podOf,
  workloads,
  type Manifest,
  type Workload,
} from './manifests.ts';
import { describeOverlay } from './overlay.ts';
import { rightsOf } from './rights.ts';

const namespace = 'featureseal-identity';
const authorityConfig = 'featureseal-identity-authority-config';
const pluginConfig = 'featureseal-identity-node-plugin-config';

describeOverlay('development', 'overlay development', ({ text, manifests, workload, withSettings }) => {
  const plugin = (): Workload => workload('DaemonSet', 'featureseal-identity-node-plugin');

  test('has no placeholder left', () => {
    expect(text).not.toContain('from-settings');
  });

  test('takes trust domain, cluster and namespace from its settings', () => {
    const settings = { trustDomain: 'td.test', cluster: 'berlin', namespace: 'seals' };
    const changed = withSettings(settings);
    expect(changed).not.toContain('example.org');
    const other = manifestsOf(changed);
    expect(configObject(other, authorityConfig, 'config.yaml')).toMatchObject({
      cluster: 'berlin',
      trustDomain: 'td.test',
      identities: [{ namespace: 'seals', serviceAccount: 'featureseal-worker' }],
    });
    expect(configObject(other, pluginConfig, 'config.yaml')).toMatchObject({
      cluster: 'berlin',
      trustDomain: 'td.test',
    });
  });

  test('runs the image of scripts/build-image everywhere', () => {
    const images = workloads(manifests).flatMap((each) => podOf(each).containers.map(({ image }) => image));
    expect(new Set(images)).toEqual(new Set(['localhost/featureseal:dev']));
  });

  test('gives no container a capability or a writable root', () => {
    for (const { containers } of workloads(manifests).map(podOf)) {
      for (const { securityContext } of containers) {
        expect(securityContext).toEqual({
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ['ALL'] },
        });
      }
    }
  });

  test("runs as root only the node plugin, whose folders are kubelet's", () => {
    const roots = workloads(manifests).filter(
      (each) => podOf(each).securityContext?.['runAsNonRoot'] !== true,
    );
    expect(roots.map(({ metadata }) => metadata.name)).toEqual(['featureseal-identity-node-plugin']);
    const paths = podOf(plugin()).volumes?.flatMap(({ hostPath }) => hostPath?.path ?? []);
    expect(paths).toEqual([
      '/var/lib/kubelet/plugins/csi.spiffe.io',
      '/var/lib/kubelet/plugins_registry',
      '/var/lib/kubelet/pods',
    ]);
    for (const mount of podOf(plugin()).containers[0]?.volumeMounts ?? [])
      expect(mount).not.toHaveProperty('mountPropagation');
  });

  test('lets the authority review tokens and publish its bundle, and nothing else', () => {
    expect(rightsOf(manifests, namespace, 'featureseal-identity-authority')).toEqual([
      '*: create authentication.k8s.io/tokenreviews',
      'featureseal-identity: patch configmaps[featureseal-identity-bundle]',
    ]);
  });

  test('lets the node plugin look at its own driver, and nothing else', () => {
    expect(rightsOf(manifests, namespace, 'featureseal-identity-node-plugin')).toEqual([
      '*: get storage.k8s.io/csidrivers[csi.spiffe.io]',
    ]);
  });

  test('makes the driver that the node plugin knows for its own', () => {
    const driver: Manifest = find(manifests, 'CSIDriver', 'csi.spiffe.io');
    expect(driver.metadata.labels).toMatchObject({ 'featureseal.io/identity': 'development' });
    expect(driver['spec']).toMatchObject({
      attachRequired: false,
      podInfoOnMount: true,
      requiresRepublish: true,
      volumeLifecycleModes: ['Persistent', 'Ephemeral'],
      tokenRequests: [{ audience: 'featureseal-identity' }],
      serviceAccountTokenInSecrets: true,
    });
  });

  test('marks all but the definitions as its own, which is what scripts/prune takes away', () => {
    const unmarked = manifests.filter(
      ({ metadata }) => metadata.labels?.['app.kubernetes.io/part-of'] !== 'featureseal',
    );
    expect(new Set(unmarked.map(({ kind }) => kind))).toEqual(new Set(['CustomResourceDefinition']));
  });

  test('labels every namespace with a level of pod security', () => {
    const namespaces = manifests.filter(({ kind }) => kind === 'Namespace');
    expect(namespaces).toHaveLength(2);
    for (const { metadata } of namespaces)
      expect(metadata.labels).toHaveProperty(['pod-security.kubernetes.io/enforce']);
  });

  test('closes the network of every pod', () => {
    for (const { metadata, spec } of workloads(manifests)) {
      expect(find(manifests, 'NetworkPolicy', metadata.name)['spec']).toMatchObject({
        podSelector: { matchLabels: spec.template.metadata.labels },
        policyTypes: ['Ingress', 'Egress'],
      });
    }
  });

  test('holds configuration that the processes accept', () => {
    const authority = configObject(manifests, authorityConfig, 'config.yaml');
    expect(authorityConfigSchema.safeParse(authority).error).toBeUndefined();
    const config = configObject(manifests, pluginConfig, 'config.yaml');
    const flags = { node: 'node-a', authority: '10.96.0.2:8443' };
    expect(nodePluginConfigSchema.safeParse({ ...config, ...flags }).error).toBeUndefined();
  });
});
