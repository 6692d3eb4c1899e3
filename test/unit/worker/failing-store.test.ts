import { describe, expect, test } from '@jest/globals';
import type { ReasonCode } from '../../../src/error-codes.ts';
import { hour, minute, nodeFeature, noon } from '../../support/sealing.ts';
import { useWorker } from './use-worker.ts';
import { failure, second } from './world.ts';

const { started, withSvid } = useWorker();

describe('a store that fails', () => {
  test.each<ReasonCode>(['store-unavailable', 'store-conflict', 'store-refused'])(
    '%s is told, and tried again with growing pauses',
    async (code) => {
      const world = await withSvid();
      const tries: number[] = [];
      world.beforeWrite = () => {
        tries.push(world.clock.now() - noon);
        failure(code)();
      };
      await world.start();
      await world.pass(8 * second);
      // Pauses are random from half on: 0.75, 1.5, 3 seconds, and never less than a second after a write.
      expect(tries).toEqual([0, 1000, 2500, 5500]);
      expect(world.told.failed).toEqual([code, code, code, code]);
      world.beforeWrite = () => undefined;
      await world.pass(10 * second);
      expect(world.reasons).toEqual(['started']);
    },
  );

  test('pauses end at a minute', async () => {
    const world = await withSvid();
    world.beforeRead = failure('store-unavailable');
    await world.start();
    await world.pass(hour);
    const before = world.told.failed.length;
    await world.pass(10 * minute);
    // 45 seconds each: the half and half of the random half.
    expect(world.told.failed.length - before).toBeGreaterThanOrEqual(13);
  });

  test('a conflict is resolved by reading again', async () => {
    const world = await withSvid();
    let other = true;
    world.beforeWrite = () => {
      if (other) world.objects.put(nodeFeature());
      other = false;
    };
    await world.start();
    await world.pass(2 * second);
    expect(world.told.failed).toEqual(['store-conflict']);
    expect(await world.verify()).toMatchObject({ node: 'node-a' });
  });

  test('a read that fails after a change ends in a restored object', async () => {
    const world = await started();
    world.beforeRead = failure('store-unavailable');
    world.objects.put(nodeFeature());
    await world.idle();
    world.beforeRead = () => undefined;
    await world.pass(3 * second);
    expect(world.told.failed).toEqual(['store-unavailable']);
    expect(await world.verify()).toMatchObject({ node: 'node-a' });
  });
});
