// What time alone does, and a clock that is put right.
import { describe, expect, test } from '@jest/globals';
import { bundlesOf, day, hour, minute, nodeFeature, noon, seal } from '../../support/sealing.ts';
import { useMaster } from './use-master.ts';
import { grace, key, label, second } from './world.ts';

const { ca, worker, started, seeing, sealed } = useMaster();

describe('stale', () => {
  test('after an outage over maxAge the labels are kept, and shown once as stale', async () => {
    const world = await started({ tickMs: minute });
    await world.put(sealed());
    await world.pass(day + 2 * minute);
    expect(world.labels()).toEqual({ [label]: 'true' });
    expect(world.told.stale).toEqual([[key, true]]);
  });

  test('it is so across a restart too, counted from the mark', async () => {
    const world = await started({ tickMs: minute });
    await world.put(sealed());
    await world.put(sealed({ at: noon + 30 * second }));
    world.clock.set(noon + day + 10 * second);
    await world.restart();
    await world.pass(2 * grace);
    expect(world.told).toMatchObject({ verified: [key], refused: [], stale: [[key, true]] });
    expect(world.labels()).toEqual({ [label]: 'true' });
    expect(world.patches).toEqual([]);
  });
});

test('a clock that goes an hour back and forth changes no label', async () => {
  const world = await seeing(sealed());
  for (const step of [-hour, hour, hour, -hour]) {
    world.clock.set(world.clock.now() + step);
    await world.pass(10 * second);
    await world.giveBundles(new Map(bundlesOf(ca())));
    await world.put(seal(nodeFeature(), worker(), { at: noon }));
    await world.pass(10 * second);
  }
  expect(world.told.lapsed).toEqual([]);
  expect(world.patches).toHaveLength(1);
});
