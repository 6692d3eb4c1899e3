import { describe, expect, test } from '@jest/globals';
import { changed, hour, minute, noon, rootCa, workerId } from '../../support/sealing.ts';
import { useWorker, type SvidOptions } from './use-worker.ts';
import { discovered, key, second } from './world.ts';

const { started, storeEarlier, withSvid } = useWorker();

describe('iat', () => {
  test.each<[string, number, number]>([
    ['now, where the last seal is past', noon - minute, noon],
    ['above a seal of this very millisecond', noon, noon + 1],
    ['above a seal that is ahead by no more than a master allows', noon + minute - 1, noon + minute],
    ['now, where the last seal is from the future', noon + minute, noon],
    ['now, where it is from the far future', noon + 20 * hour, noon],
  ])('is %s', async (_, earlier, iat) => {
    const world = await withSvid();
    await storeEarlier(world, earlier);
    await world.start();
    expect(world.told.published).toMatchObject([{ iat }]);
  });

  test.each<[string, () => Promise<SvidOptions>]>([
    ['of another node', async () => ({ spiffeId: workerId('node-b') })],
    ['of another workload', async () => ({ spiffeId: 'spiffe://example.org/vendor/demo/node-a' })],
    ['of a rogue authority', async () => ({ by: await rootCa() })],
    ['of an expired SVID', async () => ({ notAfter: new Date(noon - second) })],
  ])('learns nothing from a seal %s', async (_, options) => {
    const world = await withSvid();
    await storeEarlier(world, noon + minute - 1, await options());
    await world.start();
    expect(world.told.published).toMatchObject([{ iat: noon }]);
  });

  test('learns nothing from an edited seal', async () => {
    const world = await withSvid();
    await storeEarlier(world, noon + minute - 1);
    world.objects.put(changed(world.stored, ({ spec }) => (spec.labels = {})));
    await world.start();
    expect(world.told.published).toMatchObject([{ iat: noon }]);
  });

  test('grows though the clock goes back a little', async () => {
    const world = await started();
    world.clock.set(noon - 30 * second);
    world.discovery = discovered({ AVX512F: {} });
    world.objects.delete(key);
    await world.idle();
    await world.pass(second);
    expect(world.told.published[1]).toMatchObject({ iat: noon + 1 });
  });

  test('follows a clock that ran hours ahead and was put right, without waiting for the old time', async () => {
    const world = await withSvid();
    world.clock.set(noon + 20 * hour);
    await world.start();
    world.clock.set(noon + minute);
    world.clock.ring();
    await world.idle();
    await world.pass(second);
    const now = noon + minute + second;
    expect(world.told.published.at(-1)).toMatchObject({ iat: now, at: now });
    expect(await world.verify()).toMatchObject({ trust: 'verified' });
  });
});
