// Many events at once: all are judged, none delays another object.
import { describe, expect, test } from '@jest/globals';
import { day, nodeFeature, noon } from '../../support/sealing.ts';
import { useMaster } from './use-master.ts';
import { key } from './world.ts';

const { unstarted, started, sealed } = useMaster();

describe('many events', () => {
  test('an old object between two new ones freezes nothing', async () => {
    const world = await started();
    const [first, old, last] = [
      await sealed(),
      await sealed({ at: noon - 1 }),
      await sealed({ at: noon + 1, labels: { last: '1' } }),
    ];
    for (const object of [first, old, last]) world.objects.put(object);
    await world.idle();
    expect(world.told).toMatchObject({ verified: [key, key], refused: [`${key} replayed`] });
    expect(world.labels()).toEqual({ last: '1' });
  });

  test('a flood of one object drops its oldest events and lets every other object take its turn', async () => {
    const world = unstarted();
    world.nodes.add('node-b', new Date(noon - day));
    await world.start();
    const other = await sealed({ node: 'node-b' });
    const last = await sealed({ at: noon + 1, labels: { last: '1' } });
    const order: string[] = [];
    for (let write = 0; write < 100; write += 1) world.objects.put(nodeFeature());
    world.objects.put(other);
    world.objects.put(last);
    await world.idle();
    order.push(...world.told.verified);
    expect(world.told.overflowed.length).toBeGreaterThanOrEqual(96);
    expect(new Set(world.told.overflowed)).toEqual(new Set([key]));
    expect(world.told.refused.length).toBeLessThanOrEqual(5);
    expect(order).toEqual(['featureseal/node-b', key]);
    expect(world.labels()).toEqual({ last: '1' });
  });
});
