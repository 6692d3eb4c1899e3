import { describe, expect, test } from '@jest/globals';
import type { NodeFeature } from '../../../src/feature/node-feature.ts';
import { changed, minute, nodeFeature, sealKey } from '../../support/sealing.ts';
import { useWorker } from './use-worker.ts';
import { key, second } from './world.ts';

const { started, withSvid } = useWorker();

describe('a server that stores something else', () => {
  const webhook = (object: NodeFeature): NodeFeature =>
    changed(object, ({ spec }) => (spec.labels['injected'] = 'x'));

  test('is told as mutated and backed off from, from the start', async () => {
    const world = await withSvid();
    world.mutate = webhook;
    await world.start();
    expect(world.worker.isReady()).toBe(false);
    await world.pass(10 * minute);
    expect(new Set(world.told.failed)).toEqual(new Set(['mutated']));
    // Ten minutes with pauses up to 45 seconds, not one write a second.
    expect(world.told.writes).toBeLessThan(25);
  });

  test('is backed off from, too, when it begins later and the watch tells of each write', async () => {
    const world = await started();
    world.mutate = webhook;
    world.objects.put(nodeFeature());
    await world.idle();
    await world.pass(10 * minute);
    expect(world.told.writes).toBeLessThan(25);
    world.mutate = (object) => object;
    await world.pass(minute);
    expect(await world.verify()).toMatchObject({ labels: {} });
  });

  test.each<[string, (object: NodeFeature) => NodeFeature]>([
    [
      'an object without the seal',
      (object) => changed(object, ({ metadata }) => Reflect.deleteProperty(metadata.annotations, sealKey)),
    ],
    ['an older object', (object) => object],
    ['nothing', () => nodeFeature()],
  ])('%s is mutated as well', async (what, mutate) => {
    const world = await started();
    const first = world.stored;
    world.mutate = (object) =>
      changed(what === 'an older object' ? first : mutate(object), ({ metadata }) =>
        Object.assign(metadata, { resourceVersion: object.metadata.resourceVersion }),
      );
    world.objects.delete(key);
    world.objects.put(nodeFeature());
    await world.idle();
    await world.pass(second);
    expect(world.told.failed).toEqual(['mutated']);
  });

  test('fields that an API server adds are no mutation', async () => {
    const world = await withSvid();
    world.mutate = (object) =>
      changed(object, ({ metadata }) =>
        Object.assign(metadata, { generation: 1, managedFields: [{ time: null }] }),
      );
    await world.start();
    expect(world.told.failed).toEqual([]);
    expect(world.reasons).toEqual(['started']);
  });
});
