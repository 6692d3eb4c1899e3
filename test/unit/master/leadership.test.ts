// Several masters, of which one writes.
import { describe, expect, test } from '@jest/globals';
import { noon } from '../../support/sealing.ts';
import { useMaster } from './use-master.ts';
import { key, label } from './world.ts';

const { unstarted, seeing, sealed } = useMaster();

describe('leadership', () => {
  test('who does not lead judges and writes nothing; who begins to lead writes', async () => {
    const world = unstarted();
    world.isLeader = false;
    await world.start();
    await world.put(sealed());
    expect(world.told.verified).toEqual([key]);
    expect(world.patches).toEqual([]);
    world.lead(true);
    await world.idle();
    expect(world.labels()).toEqual({ [label]: 'true' });
    world.lead(false);
    await world.put(sealed({ at: noon + 1, labels: { b: '1' } }));
    expect(world.labels()).toEqual({ [label]: 'true' });
  });

  test('a new leader refuses what the old one had gone beyond', async () => {
    const leader = await seeing(sealed({ at: noon - 1, labels: { old: '1' } }), sealed());
    await leader.restart();
    await leader.put(sealed({ at: noon - 1, labels: { old: '1' } }));
    expect(leader.told.refused).toEqual([`${key} replayed`]);
  });
});
