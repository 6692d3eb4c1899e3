// The manifests of SPIRE, to an API server that refuses what it does not know. There is no controller: no pod runs.
import { beforeAll, expect, test } from '@jest/globals';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { kubectlOf } from '../../cluster/kubectl-of.ts';
import type { Kubectl } from '../../cluster/node/kubectl.ts';
import { controlPlane, describeOnCluster } from '../../cluster/suite.ts';
import { manifestsOf, renderedText, workloads } from '../../deploy/manifests.ts';

const repository = join(import.meta.dirname, '../../..');
const overlay = (name: string): string => join(repository, 'deploy/overlays', name);
const widened = 'clusterspiffeids.spire.spiffe.io';

interface Generated {
  /** Goes up with each change of the spec. */
  readonly metadata: { readonly generation: number };
}

interface Definition extends Generated {
  readonly status: { readonly conditions: readonly { readonly type: string; readonly status: string }[] };
}

describeOnCluster('the manifests of SPIRE', () => {
  const plane = controlPlane();
  let kubectl: Kubectl;
  let withoutDefinitions = '';

  beforeAll(async () => {
    kubectl = await kubectlOf(plane());
    withoutDefinitions = await kubectl
      .run('apply', '--dry-run=client', '-k', overlay('spire'))
      .catch((thrown: unknown) => String(thrown));
    await kubectl.run('create', '--validate=strict', '-k', overlay('spire/crd'));
    await kubectl.run('wait', '--for=condition=Established', '--timeout=60s', 'crd', '--all');
  });

  const definition = (): Promise<Definition> => kubectl.json<Definition>('crd', widened);

  test('want their definitions first, and kubectl says so', () => {
    expect(withoutDefinitions).toContain('no matches for kind "ClusterSPIFFEID"');
    expect(withoutDefinitions).toContain('ensure CRDs are installed first');
  });

  test('have definitions whose schemas are structural', async () => {
    for (const { status } of (await kubectl.json<{ readonly items: readonly Definition[] }>('crd')).items)
      expect(status.conditions.filter(({ type }) => type === 'NonStructuralSchema')).toEqual([]);
  });

  test('leave a definition as it is that is there already, and say so', async () => {
    const path = '/spec/versions/0/schema/openAPIV3Schema/properties/spec/properties/newer';
    const patch = [{ op: 'add', path, value: { type: 'string' } }];
    await kubectl.run('patch', 'crd', widened, '--type=json', '-p', JSON.stringify(patch));
    const { generation } = (await definition()).metadata;
    const again = kubectl.run('create', '-k', overlay('spire/crd'));
    await expect(again).rejects.toThrow(`"${widened}" already exists`);
    expect((await definition()).metadata.generation).toBe(generation);
  });

  test('are taken without a doubt, and a second time restart nothing', async () => {
    for (const _ of ['first', 'second'])
      await kubectl.run('apply', '--validate=strict', '-k', overlay('spire'));
    const workloads = await kubectl.json<{ readonly items: readonly Generated[] }>('ds,deploy,sts', '-A');
    expect(workloads.items.map(({ metadata }) => metadata.generation)).toEqual([1, 1, 1, 1, 1]);
  });

  test('for a SPIRE that is there are taken too', async () => {
    await kubectl.run('apply', '--validate=strict', '--dry-run=server', '-k', overlay('default'));
  });

  // Without the database: what a Cluster may say is its operator's to define, and that is not here.
  test('for several servers are taken too, where one server is not already', async () => {
    const shipped = manifestsOf(renderedText('ha')).filter(({ kind }) => kind !== 'Cluster');
    const file = join(plane().folder, 'ha.yaml');
    await writeFile(file, shipped.map((each) => stringify(each)).join('---\n'));
    const apply = ['apply', '--validate=strict', '--dry-run=server', '-f', file];
    // What was a file and is a database then would be lost without a word.
    await expect(kubectl.run(...apply)).rejects.toThrow('updates to statefulset spec');
    await kubectl.run('-n', 'spire-server', 'delete', 'statefulset', 'spire-server');
    await kubectl.run(...apply);
    const withDatabase = kubectl.run('apply', '--dry-run=server', '-k', overlay('ha'));
    await expect(withDatabase).rejects.toThrow('no matches for kind "Cluster"');
  });

  test('make pods that the level of their namespace allows, also the restricted one of the server', async () => {
    const spire = workloads(manifestsOf(renderedText('spire'))).filter(
      ({ metadata }) => metadata.namespace !== 'featureseal',
    );
    expect(spire).toHaveLength(3);
    for (const { metadata, spec } of spire) {
      const { namespace = '', name } = metadata;
      // The claim's volume is the StatefulSet's to add.
      const { volumes = [], ...pod } = spec.template.spec;
      const data = { name: 'data', persistentVolumeClaim: { claimName: 'data' } };
      const all = volumes.some((each) => each.name === 'data') ? volumes : [...volumes, data];
      const object = {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name, namespace },
        spec: { ...pod, volumes: all },
      };
      await kubectl.apply(object, '--dry-run=server', '--validate=strict');
    }
  });

  test('do not let a privileged pod beside the keys of the CA', async () => {
    const containers = [{ name: 'a', image: 'a', securityContext: { privileged: true } }];
    const spec = { serviceAccountName: 'spire-server', containers };
    const metadata = { name: 'a', namespace: 'spire-server' };
    const applied = kubectl.apply({ apiVersion: 'v1', kind: 'Pod', metadata, spec }, '--dry-run=server');
    await expect(applied).rejects.toThrow('violates PodSecurity "restricted:latest"');
  });

  test('of a third party are taken, as they stand in the example', async () => {
    const file = join(repository, 'spire-config/examples/third-party.yaml');
    await kubectl.run('apply', '--validate=strict', '--dry-run=server', '-f', file);
  });

  test.each([
    ['className', 'classname'],
    ['spiffeIDTemplate', 'spiffeIdTemplate'],
    ['workloadSelectorTemplates', 'workloadSelectors'],
  ])('with %s written %s are refused', async (key, misspelt) => {
    const file = join(repository, 'spire-config/identities/worker/cluster-spiffe-id.yaml');
    const text = (await readFile(file, 'utf8')).replace(`  ${key}:`, `  ${misspelt}:`);
    const applied = kubectl.apply(parse(text), '--validate=strict', '--dry-run=server');
    await expect(applied).rejects.toThrow(`unknown field "spec.${misspelt}"`);
  });
});
