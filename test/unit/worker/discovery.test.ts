import { describe, expect, test } from '@jest/globals';
import { minute, noon } from '../../support/sealing.ts';
import { until } from '../../support/until.ts';
import { useWorker } from './use-worker.ts';
import { discovered, second } from './world.ts';

const { started, withSvid } = useWorker();

describe('a worker that runs', () => {
  test('writes nothing while nothing changes', async () => {
    const world = await started();
    await world.pass(50 * minute);
    expect(world.told.writes).toBe(1);
  });

  test('seals anew when features change, at the next discovery', async () => {
    const world = await started();
    world.discovery = discovered({ AVX2: {}, AMX: {} });
    await world.pass(59 * second);
    expect(world.told.writes).toBe(1);
    await world.pass(second);
    expect(world.reasons).toEqual(['started', 'features-changed']);
    expect(world.stored.spec.features?.flags?.['cpu.cpuid']?.elements).toEqual({ AVX2: {}, AMX: {} });
  });

  test('discovers at once when a plugin sees its files change, and not again within a second', async () => {
    const world = await started();
    await world.pass(10 * second);
    world.discovery = discovered({ AVX2: {} }, { 'a.example/rack': 'r1' });
    world.sourceChanged();
    await until(() => world.told.published.length === 2);
    expect(world.told.published[1]).toMatchObject({ reason: 'features-changed', at: noon + 10 * second });

    world.discovery = discovered({ AVX2: {} }, { 'a.example/rack': 'r2' });
    world.sourceChanged();
    world.sourceChanged();
    await world.pass(second - 1);
    expect(world.told).toMatchObject({ writes: 2, discoveries: 2 });
    await world.pass(1);
    expect(world.told).toMatchObject({ writes: 3, discoveries: 3 });
  });

  test.each([
    [0, 57],
    [1, 63],
  ])('spreads its discoveries over a tenth of the interval (%d: after %d s)', async (random, after) => {
    const world = await withSvid();
    world.random = random;
    await world.start();
    await world.pass(after * second - 1);
    expect(world.told.discoveries).toBe(1);
    await world.pass(1);
    expect(world.told.discoveries).toBe(2);
  });

  test('discovers when what it found is no longer valid, and not before', async () => {
    const world = await withSvid();
    world.discovery = { ...discovered({ AVX2: {} }), validUntil: noon + 7 * second };
    await world.start();
    world.discovery = discovered({});
    await world.pass(7 * second - 1);
    expect(world.told).toMatchObject({ writes: 1, discoveries: 1 });
    await world.pass(1);
    expect(world.told.published[1]).toMatchObject({ reason: 'features-changed', at: noon + 7 * second });
    expect(world.stored.spec).not.toHaveProperty('validUntil');
    // What has no end is looked at when the interval is over.
    await world.pass(59 * second);
    expect(world.told.discoveries).toBe(2);
  });

  test('discovers at most once a second, whatever a plugin says of its end', async () => {
    const world = await withSvid();
    world.discovery = { ...discovered({ AVX2: {} }), validUntil: noon - minute };
    await world.start();
    await world.pass(3 * second);
    expect(world.told).toMatchObject({ writes: 1, discoveries: 4 });
  });

  test('publishes nothing where files changed and features did not', async () => {
    const world = await started();
    await world.pass(10 * second);
    world.sourceChanged();
    await until(() => world.told.discoveries === 2);
    await world.idle();
    expect(world.told.writes).toBe(1);
  });

  test('another order of the same features is no change', async () => {
    const world = await withSvid();
    world.discovery = discovered({ A: {}, B: {} }, { x: '1', y: '2' });
    await world.start();
    world.discovery = discovered({ B: {}, A: {} }, { y: '2', x: '1' });
    await world.pass(2 * minute);
    expect(world.told.writes).toBe(1);
  });
});
