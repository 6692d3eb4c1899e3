import { describe, expect, test } from '@jest/globals';
import { KubeNodes } from '../../../src/kube/nodes.ts';
import type { NodeView } from '../../../src/port/node-store.ts';
import { Queue } from '../../support/queue.ts';
import { reasonOf } from '../../support/reason.ts';
import { fakeApi, nodesPath, type FakeApi } from './fake-api.ts';

const metadataOnly = /^application\/json;as=PartialObjectMetadata(List)?;v=v1;g=meta\.k8s\.io,/;

function nodesOf({ api, clock }: FakeApi): KubeNodes {
  return new KubeNodes({ api, clock, random: () => 0, fieldManager: 'test' });
}

describe('Nodes of the API server', () => {
  const fake = fakeApi();

  async function seen(name = 'a'): Promise<NodeView> {
    const view = await nodesOf(fake()).read(name, fake().controller.signal);
    if (view === undefined) throw new Error('there is no such Node');
    return view;
  }

  test('are told of, with their metadata only; one that went away unseen is told of as deleted', async () => {
    const { server, clock, controller } = fake();
    server.objects.put(nodesPath, {
      metadata: { name: 'a', uid: 'uid-a', labels: { x: '1' }, annotations: { y: '2' } },
    });
    server.objects.put(nodesPath, { metadata: { name: 'b' } });
    const events = new Queue<unknown>();
    void nodesOf(fake()).run((event) => {
      events.push(event);
    }, controller.signal);
    expect(await events.next()).toEqual({
      type: 'applied',
      node: {
        name: 'a',
        uid: 'uid-a',
        resourceVersion: '101',
        created: new Date('2026-06-01T11:00:00Z'),
        labels: { x: '1' },
        annotations: { y: '2' },
        byNfdMaster: { labels: new Set(), annotations: new Set() },
      },
    });
    expect(await events.next()).toMatchObject({ type: 'applied', node: { name: 'b', labels: {} } });
    expect(await events.next()).toEqual({ type: 'synced' });
    await server.watches.next();
    for (let index = 0; index < 2; index++) {
      expect((await server.requests.next()).headers['accept']).toMatch(metadataOnly);
    }

    server.network.reset();
    await clock.sleeping(500);
    server.objects.delete(nodesPath, { name: 'b' });
    server.objects.put(nodesPath, { metadata: { name: 'c' } });
    server.objects.compact();
    await clock.pass(500);
    await clock.pass(1_000);
    expect(await events.next()).toMatchObject({ type: 'applied', node: { name: 'c' } });
    expect(await events.next()).toEqual({ type: 'deleted', name: 'b' });
    expect(await events.next()).toEqual({ type: 'synced' });
  });

  test('are read one by one', async () => {
    fake().server.objects.put(nodesPath, { metadata: { name: 'a' } });
    expect(await seen()).toMatchObject({ name: 'a', resourceVersion: '101' });
    expect(await nodesOf(fake()).read('none', fake().controller.signal)).toBeUndefined();
  });

  test('say what an nfd-master wrote last, as the server notes it', async () => {
    const by = (manager: string, labels: object, annotations = {}) => ({
      manager,
      operation: 'Update',
      time: '2026-06-01T11:00:00Z',
      fieldsV1: { 'f:metadata': { 'f:labels': labels, 'f:annotations': annotations } },
    });
    const managedFields = [
      by('kubectl-edit', { '.': {}, 'f:mine': {} }, { 'f:note': {} }),
      by('nfd-master', { '.': {}, 'f:feature.node.kubernetes.io/a': {} }, { 'f:books': {} }),
      { manager: 'nfd-master', subresource: 'status', fieldsV1: { 'f:status': {} } },
      { ...by('nfd-master', { 'f:b': {} }), fieldsType: 'FieldsV1' },
    ];
    fake().server.objects.put(nodesPath, { metadata: { name: 'a', managedFields } as { name: string } });
    expect((await seen()).byNfdMaster).toEqual({
      labels: new Set(['feature.node.kubernetes.io/a', 'b']),
      annotations: new Set(['books']),
    });
  });

  test.each([{}, 'x', [null], [{ manager: 'nfd-master' }], [{ manager: 'nfd-master', fieldsV1: [] }]])(
    'are read though their managers are %j',
    async (managedFields) => {
      fake().server.objects.put(nodesPath, { metadata: { name: 'a', managedFields } as { name: string } });
      expect((await seen()).byNfdMaster).toEqual({ labels: new Set(), annotations: new Set() });
    },
  );

  test('are changed by one merge patch, under UID and resourceVersion', async () => {
    const { server, controller } = fake();
    server.objects.put(nodesPath, { metadata: { name: 'a', labels: { keep: '1', go: '2' } } });
    const view = await seen();
    await server.requests.next();
    const patch = { labels: { go: null, come: '3' }, annotations: { note: 'n' } };
    const patched = await nodesOf(fake()).patch(view, patch, controller.signal);
    expect(patched).toMatchObject({ labels: { keep: '1', come: '3' }, annotations: { note: 'n' } });
    expect(patched.resourceVersion).not.toBe(view.resourceVersion);
    const { method, headers, body, query } = await server.requests.next();
    expect([method, headers['content-type'], query.get('fieldManager')]).toEqual([
      'PATCH',
      'application/merge-patch+json',
      'test',
    ]);
    expect(body).toEqual({ metadata: { uid: view.uid, resourceVersion: view.resourceVersion, ...patch } });
    expect(server.requests.length).toBe(0);
  });

  test.each<[string, (fake: FakeApi) => void]>([
    [
      'changed meanwhile',
      ({ server }) => server.objects.put(nodesPath, { metadata: { name: 'a', labels: { x: 'y' } } }),
    ],
    ['is gone', ({ server }) => server.objects.delete(nodesPath, { name: 'a' })],
    [
      'was made anew',
      ({ server }) => {
        server.objects.delete(nodesPath, { name: 'a' });
        server.objects.put(nodesPath, { metadata: { name: 'a' } });
      },
    ],
  ])('a patch of a Node that %s is a conflict and changes nothing', async (_, change) => {
    const { server, controller } = fake();
    server.objects.put(nodesPath, { metadata: { name: 'a' } });
    const view = await seen();
    change(fake());
    const before = server.objects.get(nodesPath, { name: 'a' });
    const patch = nodesOf(fake()).patch(view, { labels: { a: 'b' }, annotations: {} }, controller.signal);
    expect(await reasonOf(() => patch)).toBe('store-conflict');
    expect(server.objects.get(nodesPath, { name: 'a' })).toEqual(before);
  });
});
