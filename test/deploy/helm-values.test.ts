import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { masterConfigSchema } from '../../src/master/config.ts';
import { parsePolicy } from '../../src/seal/policy.ts';
import { workerConfigSchema } from '../../src/worker/config.ts';
import {
  chart,
  chartArguments,
  defaultSigners,
  describeChart,
  runHelm,
  templated,
  type Given,
} from './helm.ts';
import { find, podOf, workloadOf, workloads, type Manifest, type Workload } from './manifests.ts';

const image = 'image.repository=registry.test/featureseal';
const complete = ['trustDomain=td.test', 'cluster=berlin', image];

describeChart('values of the Helm chart', () => {
  const worker = (given: Given): Workload => workloadOf(templated(given), 'DaemonSet', 'featureseal-worker');
  const master = (given: Given): Workload => workloadOf(templated(given), 'Deployment', 'featureseal-master');

  test.each([
    ['a tag', ['image.tag=1.2.3'], 'registry.test/featureseal:1.2.3'],
    [
      'a digest',
      [`image.digest=sha256:${'a'.repeat(64)}`],
      `registry.test/featureseal@sha256:${'a'.repeat(64)}`,
    ],
    [
      'both',
      ['image.tag=1.2.3', `image.digest=sha256:${'a'.repeat(64)}`],
      `registry.test/featureseal:1.2.3@sha256:${'a'.repeat(64)}`,
    ],
  ])('name the image by %s', (_, set, expected) => {
    const manifests = templated({ set: [...complete, 'identity=development', ...set] });
    const images = workloads(manifests).flatMap((each) => podOf(each).containers.map((one) => one['image']));
    expect(images).toEqual([expected, expected, expected, expected]);
  });

  test('give every pod the secrets that pull its image', () => {
    for (const file of ['default', 'development', 'spire']) {
      const manifests = templated({ file, set: ['imagePullSecrets[0].name=registry'] });
      for (const workload of workloads(manifests))
        expect(podOf(workload)['imagePullSecrets']).toEqual([{ name: 'registry' }]);
    }
  });

  test('say what a worker and a master may use, and where they run', () => {
    const set = [
      'json:worker.resources={"limits":{"memory":"1Gi"}}',
      'worker.resources.requests=null',
      'json:worker.tolerations=[{"key":"gpu","operator":"Exists"}]',
      'json:master.tolerations=[{"key":"control","operator":"Exists","effect":"NoSchedule"}]',
      'master.replicas=3',
    ];
    const given = { file: 'default', set };
    expect(podOf(worker(given))).toMatchObject({
      tolerations: [{ key: 'gpu', operator: 'Exists' }],
      containers: [{ resources: { limits: { memory: '1Gi' } } }],
    });
    expect(podOf(worker(given)).containers[0]?.['resources']).not.toHaveProperty('requests');
    expect(master(given).spec['replicas']).toBe(3);
    expect(podOf(master(given))['tolerations']).toEqual([
      { key: 'control', operator: 'Exists', effect: 'NoSchedule' },
    ]);
  });

  test('say what the parts of SPIRE are and may use', () => {
    const image = `registry.test/spire-server@sha256:${'b'.repeat(64)}`;
    const set = [`spire.server.image=${image}`, 'spire.server.resources.limits.memory=2Gi'];
    set.push('spire.server.storage.size=5Gi', 'spire.server.storage.className=fast');
    const server = workloadOf(templated({ file: 'spire', set }), 'StatefulSet', 'spire-server');
    expect(server.spec['volumeClaimTemplates']).toMatchObject([
      { spec: { storageClassName: 'fast', resources: { requests: { storage: '5Gi' } } } },
    ]);
    expect(podOf(server).containers[0]).toMatchObject({ image, resources: { limits: { memory: '2Gi' } } });
  });

  test('become the configuration of a worker and a master, and both accept it', () => {
    const set = [
      'worker.config.discoverInterval=5m',
      'json:worker.config.plugins=[{"module":"featureseal/plugins/cpu","options":{"a":1}}]',
      'worker.config.logLevel=debug',
      'master.config.deletionGrace=10m',
    ];
    const manifests = templated({ file: 'default', set });
    const ofWorker = configOf(manifests, 'worker');
    expect(workerConfigSchema.safeParse({ ...ofWorker, node: 'node-a' }).error).toBeUndefined();
    expect(ofWorker).toMatchObject({
      cluster: 'demo',
      discoverInterval: '5m',
      logLevel: 'debug',
      plugins: [{ module: 'featureseal/plugins/cpu', options: { a: 1 } }],
    });
    const ofMaster = configOf(manifests, 'master');
    expect(masterConfigSchema.safeParse(ofMaster).error).toBeUndefined();
    expect(ofMaster).toMatchObject({ leaderElection: true, deletionGrace: '10m' });
  });

  test.each([
    ['worker', workerConfigSchema],
    ['master', masterConfigSchema],
  ] as const)('take every setting of a %s but those that its manifest sets', (part, schema) => {
    // What comes by the manifest: its files, its pod, and what a pod of a cluster never wants.
    const fixed = [
      'allowTcp',
      'cluster',
      'healthHost',
      'healthPort',
      'hostRoot',
      'kubeconfig',
      'leaderElection',
    ];
    fixed.push('mode', 'namespace', 'node', 'once', 'policy', 'procRoot', 'socket');
    const settings = Object.keys(schema.shape).filter((key) => !fixed.includes(key));
    expect(Object.keys(valuesSchema().properties[part].properties.config.properties).toSorted()).toEqual(
      settings.toSorted(),
    );
  });

  test('make a policy of further signers, whose namespaces may be template expressions', () => {
    const signer = {
      name: 'vendor',
      namespace: '{{ .Release.Namespace }}-vendor',
      spiffeIDs: ['spiffe://{{ .Values.trustDomain }}/vendor/{cluster}/{node}'],
      features: ['vendor.*'],
    };
    const set = [`json:policy.signers=${JSON.stringify([...defaultSigners(), signer])}`];
    const policy = policyOf(templated({ file: 'default', set, namespace: 'seals' }));
    expect(policy.signers.map(({ name, namespace }) => [name, namespace])).toEqual([
      ['worker', 'seals'],
      ['vendor', 'seals-vendor'],
    ]);
  });

  test.each([
    ['enforce', ['mode=enforce']],
    ['audit', ['mode=audit']],
    ['off', ['mode=off']],
    // A bare off in a file of values.
    ['off', ['json:mode=false']],
    ['off', ['mode=off', 'json:policy.signers=[]']],
  ])('make a policy of mode %s: %j', (mode, set) => {
    expect(policyOf(templated({ file: 'default', set })).mode).toBe(mode);
  });

  test.each([
    ['1.35.0', true],
    ['1.34.9', undefined],
  ])('give the development driver what Kubernetes %s knows of it', (kubernetes, expected) => {
    const driver = find(templated({ file: 'development', kubernetes }), 'CSIDriver', 'csi.spiffe.io');
    expect(driver['spec']).toMatchObject({ requiresRepublish: true });
    expect((driver['spec'] as Record<string, unknown>)['serviceAccountTokenInSecrets']).toBe(expected);
  });

  test("bring SPIRE's definitions with SPIRE and never else", () => {
    const definitions = (file: string): readonly string[] =>
      templated({ file })
        .map(({ metadata }) => metadata.name)
        .filter((name) => name.endsWith('.spire.spiffe.io'));
    expect(definitions('spire')).toHaveLength(3);
    expect([...definitions('default'), ...definitions('development')]).toEqual([]);
  });

  test('leave registration to others when told so', () => {
    const set = ['spire.identities=false', 'spire.className='];
    const kinds = templated({ file: 'default', set }).map(({ kind }) => kind);
    expect(kinds).not.toContain('ClusterSPIFFEID');
  });

  test('survive a namespace, a cluster and a class that YAML would read as numbers', () => {
    const set = ['json:cluster="1"', 'json:spire.className="7"'];
    const given = { file: 'default', set, namespace: '123' };
    const manifests = templated(given);
    expect(worker(given).metadata.namespace).toBe('123');
    expect(policyOf(manifests).cluster).toBe('1');
    expect(find(manifests, 'ClusterSPIFFEID', 'featureseal-worker')['spec']).toMatchObject({
      className: '7',
    });
  });

  test('are told with what to do next', () => {
    const { stdout } = runHelm(['install', ...chartArguments({ file: 'spire' }), '--dry-run=client']);
    const notes = stdout.slice(stdout.indexOf('\nNOTES:'));
    expect(notes).toContain(
      'kubectl label namespace featureseal pod-security.kubernetes.io/enforce=privileged',
    );
    expect(notes).toContain('kubectl -n featureseal rollout status daemonset/featureseal-worker');
    expect(notes).toContain('spiffe://example.org/featureseal/worker/demo/NODE');
  });
});

interface ValuesSchema {
  readonly properties: Readonly<
    Record<
      'worker' | 'master',
      { readonly properties: { readonly config: { readonly properties: Readonly<Record<string, unknown>> } } }
    >
  >;
}

function valuesSchema(): ValuesSchema {
  return JSON.parse(readFileSync(join(chart, 'values.schema.json'), 'utf8')) as ValuesSchema;
}

function configOf(manifests: readonly Manifest[], part: string): object {
  return parse(fileOf(manifests, part, `${part}.yaml`)) as object;
}

function policyOf(manifests: readonly Manifest[]): ReturnType<typeof parsePolicy> {
  return parsePolicy(fileOf(manifests, 'master', 'policy.yaml'));
}

function fileOf(manifests: readonly Manifest[], part: string, file: string): string {
  const { data } = find(manifests, 'ConfigMap', `featureseal-${part}-config`);
  return (data as Readonly<Record<string, string>>)[file] ?? '';
}
