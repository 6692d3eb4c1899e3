import { describe, expect, test } from '@jest/globals';
import { MemoryNodeFeatures } from '../../../src/memory/node-features.ts';
import { MemoryNodes } from '../../../src/memory/nodes.ts';
import type { FeedEvent } from '../../../src/port/node-feature-store.ts';
import type { NodeEvent } from '../../../src/port/node-store.ts';
import { nodeFeature } from '../../support/sealing.ts';

const key = 'featureseal/node-a';
const { signal } = new AbortController();

describe('MemoryNodeFeatures', () => {
  const store = () => new MemoryNodeFeatures();

  test('tells of what is there, of a complete list, then of each change until stopped', async () => {
    const objects = store();
    objects.put(nodeFeature());
    const events: FeedEvent[] = [];
    const stop = new AbortController();
    const running = objects.run((event) => void events.push(event), stop.signal);
    objects.put(nodeFeature({ node: 'node-b' }));
    objects.delete(key);
    objects.delete(key);
    stop.abort();
    await running;
    objects.put(nodeFeature({ node: 'node-c' }));
    expect(
      events.map((event) => (event.type === 'synced' ? [...event.keys] : [event.type, event.key])),
    ).toEqual([['applied', key], [key], ['applied', 'featureseal/node-b'], ['deleted', key]]);
  });

  test('keeps the uid over writes and counts resourceVersion', () => {
    const objects = store();
    const first = objects.put(nodeFeature());
    const second = objects.put(nodeFeature());
    expect(first).toMatchObject({ metadata: { uid: 'uid-1', resourceVersion: '1' } });
    expect(second).toMatchObject({ metadata: { uid: 'uid-1', resourceVersion: '2' } });
    objects.delete(key);
    expect(objects.put(nodeFeature())).toMatchObject({ metadata: { uid: 'uid-3' } });
  });

  test('no two readers share an object', async () => {
    const objects = store();
    objects.put(nodeFeature());
    const seen: unknown[] = [];
    const listener = () => (event: FeedEvent) => {
      if (event.type === 'applied') seen.push(event.object);
    };
    void objects.run(listener(), signal);
    void objects.run(listener(), signal);
    objects.put(nodeFeature());
    expect(new Set([...seen, await objects.read(key), objects.get(key)]).size).toBe(6);
  });

  test('create and replace keep the preconditions of an API server', async () => {
    const objects = store();
    const own = objects.own(key);
    await own.create(nodeFeature(), signal);
    await expect(own.create(nodeFeature(), signal)).rejects.toMatchObject({ code: 'store-conflict' });
    await expect(own.replace(nodeFeature(), signal)).rejects.toMatchObject({ code: 'store-conflict' });
    const stored = (await own.read(signal)) as ReturnType<typeof nodeFeature>;
    expect(await own.replace(stored, signal)).toMatchObject({ metadata: { resourceVersion: '2' } });
    await expect(own.replace(stored, signal)).rejects.toMatchObject({ code: 'store-conflict' });
  });

  test('watches one object alone', () => {
    const objects = store();
    const seen: unknown[] = [];
    void objects.own(key).watch((object) => seen.push(object), signal);
    objects.put(nodeFeature({ node: 'node-b' }));
    objects.put(nodeFeature());
    objects.delete(key);
    expect(seen).toEqual([undefined, expect.objectContaining({ kind: 'NodeFeature' }), undefined]);
  });
});

describe('MemoryNodes', () => {
  test('a patch needs UID and resourceVersion as they are', async () => {
    const nodes = new MemoryNodes();
    const seen = nodes.add('node-a', new Date(0), { keep: '1' });
    const patched = await nodes.patch(seen, { labels: { a: '1', keep: null }, annotations: { b: '2' } });
    expect(patched).toMatchObject({ labels: { a: '1' }, annotations: { b: '2' } });
    await expect(nodes.patch(seen, { labels: {}, annotations: {} })).rejects.toMatchObject({
      code: 'store-conflict',
    });
    nodes.delete('node-a');
    await expect(nodes.patch(patched, { labels: {}, annotations: {} })).rejects.toMatchObject({
      code: 'store-conflict',
    });
    const again = nodes.add('node-a', new Date(0));
    expect(again.uid).not.toBe(seen.uid);
  });

  test('tells of Nodes as a watch does', async () => {
    const nodes = new MemoryNodes();
    nodes.add('node-a', new Date(0));
    const events: NodeEvent[] = [];
    const stop = new AbortController();
    const running = nodes.run((event) => void events.push(event), stop.signal);
    nodes.write('node-a', { labels: { x: 'y' } });
    nodes.delete('node-a');
    stop.abort();
    await running;
    expect(events.map((event) => event.type)).toEqual(['applied', 'synced', 'applied', 'deleted']);
    expect(() => nodes.write('node-a', {})).toThrow('[store-refused]');
  });
});
