import { describe, expect, test } from '@jest/globals';
import { hour, minute, noon } from '../../support/sealing.ts';
import { until } from '../../support/until.ts';
import { useWorker } from './use-worker.ts';
import { discovered, second } from './world.ts';

const { started, withSvid, x509Svid } = useWorker();

describe('a worker whose seal ages', () => {
  test('seals anew before the seal gets old', async () => {
    const world = await started();
    await world.pass(57 * minute);
    expect(world.told.published).toMatchObject([
      { at: noon },
      { reason: 'seal-aged', at: noon + 57 * minute },
    ]);
  });

  test('spreads the age over a tenth: never later than the interval', async () => {
    for (const [random, at] of [
      [0, noon + 54 * minute],
      [0.999999, noon + 60 * minute],
    ] as const) {
      const world = await withSvid();
      world.random = random;
      await world.start();
      await world.pass(hour);
      const last = world.told.published.at(-1)?.at ?? 0;
      expect(Math.abs(last - at)).toBeLessThan(second);
      expect(last).toBeLessThanOrEqual(noon + hour);
    }
  });

  test('seals anew when the SVID rotates, spread over a tenth of its life and five minutes at most', async () => {
    for (const [life, wait] of [
      [10 * minute, 30 * second],
      [20 * hour, 150 * second],
    ] as const) {
      const world = await started();
      world.svids.give(await x509Svid({ notAfter: new Date(noon + life) }));
      await world.pass(wait - 1);
      expect(world.told.writes).toBe(1);
      await world.pass(1);
      expect(world.told.published[1]).toMatchObject({ reason: 'svid-rotated', at: noon + wait });
    }
  });

  test('the same SVID told again is no rotation', async () => {
    const svid = await x509Svid();
    const world = await started(svid);
    world.svids.give({ ...svid });
    await world.pass(10 * minute);
    expect(world.told.writes).toBe(1);
  });

  test('a rotation during a write is not lost', async () => {
    const world = await withSvid();
    const gate = Promise.withResolvers<undefined>();
    let isWriting = false;
    world.beforeWrite = () => {
      isWriting = true;
      return gate.promise;
    };
    const start = world.start();
    await until(() => isWriting);
    world.svids.give(await x509Svid());
    gate.resolve(undefined);
    await start;
    await world.pass(3 * minute);
    expect(world.reasons).toEqual(['started', 'svid-rotated']);
  });

  test('never signs with an expired SVID, and goes on with the next one', async () => {
    const world = await started(await x509Svid({ notAfter: new Date(noon + 10 * minute) }));
    await world.pass(10 * minute - 1);
    world.discovery = discovered({ AMX: {} });
    await world.pass(20 * minute);
    expect(world.told.writes).toBe(1);
    expect(world.told.waiting.length).toBeGreaterThan(0);
    world.svids.give(await x509Svid());
    await world.idle();
    // At once: what is overdue is not spread over minutes as a rotation is.
    expect(world.reasons).toEqual(['started', 'features-changed']);
    expect(world.told.published[1]?.iat).toBeGreaterThanOrEqual(noon + 30 * minute - 1);
  });

  test('keeps its own object of an expired SVID without calling it changed', async () => {
    const world = await started(await x509Svid({ notAfter: new Date(noon + 10 * minute) }));
    await world.pass(20 * minute);
    world.tell(world.stored);
    await world.pass(second);
    expect(world.told).toMatchObject({ changes: 0, writes: 1 });
  });
});
