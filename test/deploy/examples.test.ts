// The example workload and the third party, as they stand together with an overlay.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { parse, stringify } from 'yaml';
import { authorityConfigSchema } from '../../src/identity/authority-service/config.ts';
import { parsePolicy } from '../../src/seal/policy.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import {
  configFile,
  configObject,
  describeRendered,
  find,
  manifestsOf,
  podOf,
  renderedText,
  renderedWith,
  workloads,
  type Manifest,
} from './manifests.ts';
import { rightsOf } from './rights.ts';

const settings = { trustDomain: 'td.test', cluster: 'berlin', namespace: 'seals' };
const settingsWithClass = { ...settings, spireClass: 'our-class' };
const ours = ['featureseal-example', 'gpu-agent'];

describeRendered.each([
  ['development', settings, 'development-identity'],
  ['default', settingsWithClass, 'spire'],
  ['spire', settingsWithClass, 'spire'],
])('examples over the overlay %s', (overlay, withSettings, identity) => {
  const path = temporaryFolder();
  let manifests: readonly Manifest[] | undefined;
  const rendered = (): readonly Manifest[] => (manifests ??= render());
  const render = (): readonly Manifest[] => {
    const folder = path('deploy');
    renderedWith(overlay, withSettings, folder);
    mkdirSync(join(folder, 'own/overlays/together'), { recursive: true });
    const deploy = '../../..';
    const kustomization = {
      resources: [`${deploy}/overlays/${overlay}`, `${deploy}/example-workload`],
      components: [
        `${deploy}/example-workload/${identity}`,
        `${deploy}/example-third-party`,
        `${deploy}/example-third-party/${identity}`,
      ],
    };
    writeFileSync(join(folder, 'own/overlays/together/kustomization.yaml'), stringify(kustomization));
    return manifestsOf(renderedText('together', join(folder, 'own')));
  };

  test('have no placeholder left, and leave nothing behind that only kustomize needs', () => {
    const text = stringify(rendered());
    expect(text).not.toMatch(/from-settings|example\.org|local-config/);
    expect(text).toContain('td.test');
  });

  test('add the third party behind the worker, with its own names and no others', () => {
    const policy = parsePolicy(configFile(rendered(), 'featureseal-master-config', 'policy.yaml'));
    expect(policy.signers.map(({ name, namespace }) => [name, namespace])).toEqual([
      ['worker', 'seals'],
      ['gpu-vendor', 'gpu-agent'],
    ]);
    const text = configFile(rendered(), 'featureseal-master-config', 'policy.yaml');
    expect((parse(text) as { signers: unknown[] }).signers[1]).toEqual({
      name: 'gpu-vendor',
      spiffeIDs: ['spiffe://td.test/gpu-agent/{cluster}/{node}'],
      namespace: 'gpu-agent',
      features: ['gpu.*'],
      labels: ['gpu.example.com/*'],
    });
  });

  test('seal for the cluster of the settings', () => {
    const agent = workloads(rendered()).find(({ metadata }) => metadata.name === 'gpu-agent');
    expect(agent?.spec.template.spec.containers[0]?.['env']).toContainEqual({
      name: 'CLUSTER',
      value: 'berlin',
    });
  });

  test('run in namespaces of the strictest level, without a privilege or a path of the host', () => {
    for (const name of ours) {
      expect(find(rendered(), 'Namespace', name).metadata.labels).toMatchObject({
        'pod-security.kubernetes.io/enforce': 'restricted',
      });
    }
    const pods = workloads(rendered()).filter(({ metadata }) => ours.includes(metadata.namespace ?? ''));
    expect(pods).toHaveLength(2);
    for (const pod of pods.map(podOf)) {
      expect(pod.securityContext).toMatchObject({
        runAsNonRoot: true,
        seccompProfile: { type: 'RuntimeDefault' },
      });
      for (const { securityContext } of pod.containers) {
        expect(securityContext).toEqual({
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ['ALL'] },
        });
      }
      expect(pod.volumes).toContainEqual({
        name: 'spiffe-workload-api',
        csi: { driver: 'csi.spiffe.io', readOnly: true },
      });
      expect(pod.volumes?.filter(({ hostPath }) => hostPath !== undefined)).toEqual([]);
    }
  });

  test('have no right but to write the third party’s own NodeFeatures', () => {
    expect(rightsOf(rendered(), 'featureseal-example', 'example-workload')).toEqual([]);
    expect(rightsOf(rendered(), 'gpu-agent', 'gpu-agent')).toEqual(
      ['create', 'get', 'update'].map((verb) => `gpu-agent: ${verb} nfd.k8s-sigs.io/nodefeatures`),
    );
  });

  if (identity === 'development-identity') {
    test('are listed with the authority, each under its own service account', () => {
      const config = authorityConfigSchema.parse(
        configObject(rendered(), 'featureseal-identity-authority-config', 'config.yaml'),
      );
      expect(config.identities).toEqual([
        {
          namespace: 'seals',
          serviceAccount: 'featureseal-worker',
          path: '/featureseal/worker/{cluster}/{node}',
        },
        {
          namespace: 'featureseal-example',
          serviceAccount: 'example-workload',
          path: '/example-workload/{cluster}/{node}',
        },
        { namespace: 'gpu-agent', serviceAccount: 'gpu-agent', path: '/gpu-agent/{cluster}/{node}' },
      ]);
    });
  } else {
    test.each([
      ['example-workload', 'featureseal-example', 'svid'],
      ['gpu-agent', 'gpu-agent', 'signer'],
    ])(
      'register %s with SPIRE by what its agent sees, in the class of the settings',
      (name, inNamespace, container) => {
        const { metadata, spec } = find(rendered(), 'ClusterSPIFFEID', name) as Manifest & { spec: unknown };
        expect(metadata.labels).toMatchObject({ 'spire.spiffe.io/class-name': 'our-class' });
        expect(spec).toMatchObject({
          className: 'our-class',
          spiffeIDTemplate: `spiffe://{{ .TrustDomain }}/${name}/{{ .ClusterName }}/{{ .PodSpec.NodeName }}`,
          namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': inNamespace } },
          workloadSelectorTemplates: [
            'k8s:ns:{{ .PodMeta.Namespace }}',
            `k8s:sa:${name}`,
            `k8s:container-name:${container}`,
            'k8s:node-name:{{ .PodSpec.NodeName }}',
          ],
        });
      },
    );
  }
});
