// "What happens when": an object is deleted, or missing from a complete list.
import { describe, expect, test } from '@jest/globals';
import { FeaturesealError } from '../../../src/error.ts';
import { minute, nodeFeature, noon } from '../../support/sealing.ts';
import { useMaster } from './use-master.ts';
import { grace, key, label, second } from './world.ts';

const { started, seeing, sealed } = useMaster();

describe('a deleted object', () => {
  test('counts for the grace, then its labels go and the mark stays', async () => {
    const world = await seeing(sealed());
    world.objects.delete(key);
    await world.pass(grace - second);
    expect(world.patches).toHaveLength(1);
    await world.pass(second);
    expect(world.labels()).toEqual({});
    expect(world.told.lapsed).toEqual([key]);
    expect(world.mark()?.objects[key]).toMatchObject({ iat: noon });
    await world.pass(2 * grace);
    expect(world.told.lapsed).toEqual([key]);
    expect(world.patches).toHaveLength(2);
  });

  test('restored within the grace changes nothing', async () => {
    const world = await seeing(sealed());
    world.objects.delete(key);
    await world.pass(grace - second);
    await world.put(sealed({ at: noon + 1 }));
    await world.pass(2 * grace);
    expect(world.patches).toHaveLength(1);
    expect(world.told.lapsed).toEqual([]);
  });

  test('followed by a bad one is still gone after the grace', async () => {
    const world = await seeing(sealed());
    world.objects.delete(key);
    await world.put(nodeFeature());
    await world.pass(grace);
    expect(world.labels()).toEqual({});
  });

  test.each([
    ['within', minute],
    ['after', 2 * grace],
  ])('followed by an older one %s the grace: replayed', async (_, wait) => {
    const world = await seeing(sealed({ at: noon - 1, labels: { old: '1' } }), sealed());
    world.objects.delete(key);
    await world.pass(wait);
    await world.put(sealed({ at: noon - 1, labels: { old: '1' } }));
    expect(world.told.refused).toEqual([`${key} replayed`]);
  });

  test('is the same as one that a complete list no longer names', async () => {
    const world = await seeing(sealed());
    void world.tell({ type: 'synced', keys: new Set() });
    await world.pass(grace - second);
    expect(world.labels()).toEqual({ [label]: 'true' });
    await world.pass(second);
    expect(world.labels()).toEqual({});
  });

  test('is gone though its verdict was still awaited, and though it still waited', async () => {
    const world = await started();
    const object = await sealed();
    for (const gone of [
      () => world.tell({ type: 'deleted', key }),
      () => world.tell({ type: 'synced', keys: new Set() }),
    ]) {
      void world.tell({ type: 'applied', key, object });
      await world.judging();
      void gone();
      await world.idle();
      await world.pass(grace);
      expect(world.labels()).toEqual({});
    }
    const other = await sealed({ namespace: 'vendor', labels: {}, features: {} });
    for (const gone of [
      () => world.tell({ type: 'deleted', key }),
      () => world.tell({ type: 'synced', keys: new Set(['vendor/node-a'] as const) }),
    ]) {
      void world.tell({ type: 'applied', key: 'vendor/node-a', object: other });
      void world.tell({ type: 'applied', key, object });
      void gone();
      await world.idle();
      await world.pass(grace);
      expect(world.labels()).toEqual({});
    }
  });

  test('does not come back by a read from before', async () => {
    const world = await started();
    const gate = Promise.withResolvers<undefined>();
    world.beforeRead = () => gate.promise;
    // After a conflict the master reads the object again; meanwhile it is deleted.
    world.beforePatch = () => {
      world.beforePatch = () => undefined;
      throw new FeaturesealError({ code: 'store-conflict', message: 'changed meanwhile' });
    };
    await world.put(sealed());
    const stored = world.objects.get(key);
    world.objects.read = () => Promise.resolve(stored);
    world.objects.delete(key);
    gate.resolve(undefined);
    await world.pass(grace);
    expect(world.labels()).toEqual({});
    expect(world.told.lapsed).toEqual([key]);
  });
});
