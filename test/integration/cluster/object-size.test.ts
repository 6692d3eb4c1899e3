// What a real API server adds to a large NodeFeature, and that who wrote NodeFeatures before still can.
import { beforeAll, expect, test } from '@jest/globals';
import { apiVersion, kind, nodeNameLabel } from '../../../src/feature/node-feature.ts';
import type { KubeObject } from '../../cluster/api-client.ts';
import { installCrds } from '../../cluster/crds.ts';
import { controlPlane, describeOnCluster } from '../../cluster/suite.ts';

const collection = '/apis/nfd.k8s-sigs.io/v1alpha1/namespaces/default/nodefeatures';
const manager = (name: string): string => `fieldManager=${name}`;

interface Stored extends KubeObject {
  readonly metadata: KubeObject['metadata'] & { readonly managedFields?: readonly unknown[] };
  readonly spec: {
    readonly features: { readonly attributes: Record<string, { readonly elements: Record<string, string> }> };
  };
}

/** As many options as the kernel of a distribution sets. */
const options = Object.fromEntries(
  Array.from({ length: 1700 }, (_, index) => [`KERNEL_OPTION_NUMBER_${index}`, index % 3 === 0 ? 'm' : 'y']),
);

function nodeFeature(name: string, elements: Readonly<Record<string, string>>): object {
  return {
    apiVersion,
    kind,
    metadata: { name, namespace: 'default', labels: { [nodeNameLabel]: name } },
    spec: { features: { attributes: { 'kernel.config': { elements } } }, labels: {} },
  };
}

const sizeOf = (value: unknown): number => JSON.stringify(value).length;

describeOnCluster('a NodeFeature with 1,700 kernel options', () => {
  const plane = controlPlane();
  beforeAll(() => installCrds(plane().admin));
  const read = async (name: string): Promise<Stored> =>
    (await plane().admin.get(`${collection}/${name}`)) as Stored;
  const optionsOf = ({ spec }: Stored) => spec.features.attributes['kernel.config']?.elements;

  test('is stored with managedFields that do not grow with it', async () => {
    const { admin } = plane();
    await admin.create(`${collection}?${manager('worker')}`, nodeFeature('small', { A: 'y' }));
    await admin.create(`${collection}?${manager('worker')}`, nodeFeature('large', options));
    const [small, large] = [await read('small'), await read('large')];
    expect(sizeOf(large.metadata.managedFields)).toBe(sizeOf(small.metadata.managedFields));
    expect(optionsOf(large)).toEqual(options);
  });

  test('can be replaced, as nfd-worker does it', async () => {
    const { admin } = plane();
    const before = (await admin.create(collection, nodeFeature('replaced', options))) as Stored;
    const next = { ...options, KERNEL_OPTION_NUMBER_0: 'y' };
    const changed = {
      ...before,
      spec: { features: { attributes: { 'kernel.config': { elements: next } } }, labels: {} },
    };
    await admin.replace(`${collection}/replaced?${manager('nfd-worker')}`, changed);
    expect(optionsOf(await read('replaced'))).toEqual(next);
  });

  test('can be patched key by key, as kubectl edit does it', async () => {
    const { admin } = plane();
    await admin.create(collection, nodeFeature('patched', options));
    const elements = { KERNEL_OPTION_NUMBER_0: null, ADDED: 'y' };
    const patch = { spec: { features: { attributes: { 'kernel.config': { elements } } } } };
    await admin.request(
      'PATCH',
      `${collection}/patched?${manager('kubectl-edit')}`,
      patch,
      'application/merge-patch+json',
    );
    const { KERNEL_OPTION_NUMBER_0: _, ...others } = options;
    expect(optionsOf(await read('patched'))).toEqual({ ...others, ADDED: 'y' });
  });

  test('can be applied by two managers, each with its own feature', async () => {
    const { admin } = plane();
    const apply = async (name: string, feature: string): Promise<void> => {
      const body = {
        apiVersion,
        kind,
        metadata: { name: 'applied', namespace: 'default' },
        spec: { features: { attributes: { [feature]: { elements: { [name]: 'y' } } } } },
      };
      const query = `${manager(name)}&force=false`;
      await admin.request('PATCH', `${collection}/applied?${query}`, body, 'application/apply-patch+yaml');
    };
    await apply('one', 'one.config');
    await apply('two', 'two.config');
    expect((await read('applied')).spec.features.attributes).toEqual({
      'one.config': { elements: { one: 'y' } },
      'two.config': { elements: { two: 'y' } },
    });
    await expect(apply('two', 'one.config')).rejects.toMatchObject({ status: 409 });
  });
});
