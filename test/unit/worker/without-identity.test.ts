import { describe, expect, test } from '@jest/globals';
import type { NodeFeature } from '../../../src/feature/node-feature.ts';
import { changed, hour, minute, noon, sealKey } from '../../support/sealing.ts';
import { useWorker } from './use-worker.ts';
import { failure, key, second, type WorkerWorld } from './world.ts';

const { started, withoutSvid, x509Svid } = useWorker();

/** A worker whose only SVID has expired since it sealed. */
async function withoutIdentity(): Promise<{ readonly world: WorkerWorld; readonly sealed: NodeFeature }> {
  const world = await started(await x509Svid({ notAfter: new Date(noon + 10 * minute) }));
  const sealed = structuredClone(world.stored);
  await world.pass(hour);
  return { world, sealed };
}

const edit = (world: WorkerWorld): unknown =>
  world.objects.put(changed(world.stored, ({ spec }) => (spec.labels['evil'] = 'true')));

describe('a worker without an SVID', () => {
  test.each<[string, (world: WorkerWorld) => void]>([
    ['an edited label', edit],
    [
      'a stripped seal',
      (world) =>
        world.objects.put(
          changed(world.stored, ({ metadata }) => Reflect.deleteProperty(metadata.annotations, sealKey)),
        ),
    ],
    ['deletion', (world) => world.objects.delete(key)],
  ])('puts back what it sealed last, unchanged: %s', async (_, touch) => {
    const { world, sealed } = await withoutIdentity();
    touch(world);
    await world.idle();
    await world.pass(second);
    expect(world.stored.spec).toEqual(sealed.spec);
    expect(world.stored.metadata.annotations).toEqual(sealed.metadata.annotations);
    expect(world.told).toMatchObject({ changes: 1, writes: 2 });
    expect(world.reasons).toEqual(['started']);
  });

  test('seals anew as soon as it has one again', async () => {
    const { world } = await withoutIdentity();
    edit(world);
    await world.idle();
    await world.pass(minute);
    world.svids.give(await x509Svid());
    await world.pass(second);
    expect(world.told.published[1]).toMatchObject({ at: world.told.published[1]!.iat });
    expect(await world.verify()).toMatchObject({ labels: {} });
  });

  test('writes once for one change, and not oftener than the object may be written', async () => {
    const { world } = await withoutIdentity();
    edit(world);
    await world.idle();
    await world.pass(10 * minute);
    expect(world.told.writes).toBe(2);
    edit(world);
    edit(world);
    await world.idle();
    await world.pass(10 * minute);
    expect(world.told.writes).toBe(3);
  });

  test('tries again where the store refuses, without a pause that grows for ever', async () => {
    const { world, sealed } = await withoutIdentity();
    world.beforeWrite = failure('store-unavailable');
    edit(world);
    await world.idle();
    await world.pass(10 * minute);
    expect(new Set(world.told.failed)).toEqual(new Set(['store-unavailable']));
    world.beforeWrite = () => undefined;
    await world.pass(minute);
    expect(world.stored.spec).toEqual(sealed.spec);
  });

  test('tells a store that alters what it puts back', async () => {
    const { world } = await withoutIdentity();
    world.mutate = (object) => changed(object, ({ spec }) => (spec.labels['injected'] = 'x'));
    edit(world);
    await world.idle();
    await world.pass(10 * second);
    expect(world.told.failed).toContain('mutated');
  });

  test('that never sealed leaves alone what is stored', async () => {
    const world = withoutSvid();
    world.objects.put({ metadata: { name: 'node-a', namespace: 'featureseal' } } as NodeFeature);
    await world.start();
    await world.pass(hour);
    expect(world.told.writes).toBe(0);
  });
});
