import { describe, expect, test } from '@jest/globals';
import { apiVersion, kind, type NodeFeature } from '../../../src/feature/node-feature.ts';
import { KubeNodeFeatures, KubeOwnNodeFeature } from '../../../src/kube/node-features.ts';
import { metadataOf } from '../../../src/kube/metadata.ts';
import { Queue } from '../../support/queue.ts';
import { reasonOf } from '../../support/reason.ts';
import { fakeApi, nodeFeaturesPath, type FakeApi } from './fake-api.ts';

function nodeFeature(metadata: Partial<NodeFeature['metadata']> = {}): NodeFeature & Record<string, unknown> {
  return {
    apiVersion,
    kind,
    metadata: { name: 'n1', namespace: 'ns', ...metadata },
    spec: { labels: { a: 'b' } },
  };
}

function ownOf({ api, clock }: FakeApi): KubeOwnNodeFeature {
  return new KubeOwnNodeFeature({
    api,
    clock,
    random: () => 0,
    namespace: 'ns',
    name: 'n1',
    fieldManager: 'worker',
  });
}

describe('NodeFeatures of the cluster', () => {
  const fake = fakeApi();

  test('are told of from all namespaces, as stored', async () => {
    const { server, api, clock, controller } = fake();
    const stored = server.objects.put(nodeFeaturesPath, nodeFeature());
    server.objects.put(nodeFeaturesPath, nodeFeature({ namespace: 'other' }));
    const events = new Queue<unknown>();
    void new KubeNodeFeatures({ api, clock, random: () => 0 }).run((event) => {
      events.push(event);
    }, controller.signal);
    expect(await events.next()).toEqual({ type: 'applied', key: 'ns/n1', object: stored });
    expect(await events.next()).toMatchObject({ type: 'applied', key: 'other/n1' });
    expect(await events.next()).toEqual({ type: 'synced', keys: new Set(['ns/n1', 'other/n1']) });
    await server.watches.next();
    server.objects.delete(nodeFeaturesPath, { namespace: 'ns', name: 'n1' });
    expect(await events.next()).toEqual({ type: 'deleted', key: 'ns/n1' });
  });

  test('keep every key as it is, __proto__ too', async () => {
    const { server, api, clock, controller } = fake();
    const labels = JSON.parse('{"__proto__":"x","constructor":"y","1":"z"}') as Record<string, string>;
    server.objects.put(nodeFeaturesPath, { ...nodeFeature(), spec: { labels } });
    const object = await new KubeNodeFeatures({ api, clock, random: () => 0 }).read(
      'ns/n1',
      controller.signal,
    );
    expect(JSON.stringify(object)).toContain('"labels":{"1":"z","__proto__":"x","constructor":"y"}');
  });

  test('are read one by one', async () => {
    const { server, api, clock, controller } = fake();
    const stored = server.objects.put(nodeFeaturesPath, nodeFeature());
    const feed = new KubeNodeFeatures({ api, clock, random: () => 0 });
    expect(await feed.read('ns/n1', controller.signal)).toEqual(stored);
    expect(await feed.read('ns/n2', controller.signal)).toBeUndefined();
  });
});

describe("a worker's own NodeFeature", () => {
  const fake = fakeApi();

  test('is created, read and replaced whole', async () => {
    const { server, controller } = fake();
    const own = ownOf(fake());
    expect(await own.read(controller.signal)).toBeUndefined();
    const created = await own.create(nodeFeature({ labels: { x: 'y' } }), controller.signal);
    expect(await own.read(controller.signal)).toEqual(created);
    const { uid, resourceVersion } = metadataOf(created);
    const replaced = await own.replace(nodeFeature({ uid, resourceVersion }), controller.signal);
    expect(replaced).toMatchObject({ metadata: { uid }, spec: { labels: { a: 'b' } } });
    expect(server.objects.get(nodeFeaturesPath, { namespace: 'ns', name: 'n1' })).toEqual(replaced);
    expect(
      server.objects.get(nodeFeaturesPath, { namespace: 'ns', name: 'n1' })?.metadata.labels,
    ).toBeUndefined();
    await server.requests.next();
    const { method, query } = await server.requests.next();
    expect([method, Object.fromEntries(query)]).toEqual([
      'POST',
      { fieldManager: 'worker', fieldValidation: 'Strict' },
    ]);
  });

  test('is not created over another one', async () => {
    fake().server.objects.put(nodeFeaturesPath, nodeFeature());
    expect(await reasonOf(() => ownOf(fake()).create(nodeFeature(), fake().controller.signal))).toBe(
      'store-conflict',
    );
  });

  test.each([
    ['resourceVersion', { resourceVersion: '1' }],
    ['UID', { uid: 'another' }],
  ])('is not replaced under another %s', async (_, metadata) => {
    fake().server.objects.put(nodeFeaturesPath, nodeFeature());
    const replace = ownOf(fake()).replace(nodeFeature(metadata), fake().controller.signal);
    expect(await reasonOf(() => replace)).toBe('store-conflict');
  });

  test('is watched alone: told when it changes, goes and is missing from the start', async () => {
    const { server, controller } = fake();
    const changes = new Queue<unknown>();
    void ownOf(fake()).watch((object) => {
      changes.push(object);
    }, controller.signal);
    expect(await changes.next()).toBeUndefined();
    expect((await server.watches.next()).get('fieldSelector')).toBe('metadata.name=n1');
    expect((await server.requests.next()).query.get('fieldSelector')).toBe('metadata.name=n1');
    server.objects.put(nodeFeaturesPath, nodeFeature({ name: 'n2' }));
    const stored = server.objects.put(nodeFeaturesPath, nodeFeature());
    expect(await changes.next()).toEqual(stored);
    server.objects.delete(nodeFeaturesPath, { namespace: 'ns', name: 'n1' });
    expect(await changes.next()).toBeUndefined();
  });
});
