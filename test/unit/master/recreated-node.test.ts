// "What happens when": a Node is created again under the name of an earlier one.
import { describe, expect, test } from '@jest/globals';
import { minute, noon } from '../../support/sealing.ts';
import { useMaster } from './use-master.ts';
import { key, label } from './world.ts';

const { started, seeing, sealed } = useMaster();

describe('a Node that is created again', () => {
  test('is bare until the next seal: nothing of the earlier one is applied', async () => {
    const world = await seeing(sealed());
    world.clock.set(noon + 10 * minute);
    world.nodes.delete('node-a');
    world.nodes.add('node-a', new Date(noon + 10 * minute));
    await world.idle();
    expect(world.labels()).toEqual({});
    expect(world.patches).toHaveLength(1);
    expect(world.told.refused).toEqual([`${key} before-node`]);
    await world.put(sealed({ at: noon + 10 * minute }));
    expect(world.labels()).toEqual({ [label]: 'true' });
    expect(world.mark()?.uid).toBe(world.node().uid);
  });

  test('without a delete event in between is another Node all the same', async () => {
    const world = await seeing(sealed());
    world.nodes.add('node-a', new Date(noon + 10 * minute));
    await world.idle();
    expect(world.labels()).toEqual({});
  });

  test('while an object is judged: the verdict for the earlier Node does not count', async () => {
    const world = await started();
    world.objects.put(await sealed());
    await world.judging();
    world.nodes.add('node-a', new Date(noon + 10 * minute));
    await world.idle();
    expect(world.labels()).toEqual({});
    expect(world.told.refused).toEqual([`${key} before-node`]);
  });

  test('while an object is judged that is deleted as well: it is no loss, and counts for neither', async () => {
    const world = await started();
    world.objects.put(await sealed());
    await world.judging();
    world.nodes.add('node-a', new Date(noon + 10 * minute));
    world.objects.delete(key);
    await world.idle();
    expect(world.labels()).toEqual({});
    expect(world.mark()).toBeUndefined();
  });

  test('while a patch is refused for the earlier one', async () => {
    const world = await started();
    world.beforePatch = () => {
      world.beforePatch = () => undefined;
      world.nodes.add('node-a', new Date(noon + 10 * minute));
    };
    await world.put(sealed());
    expect(world.labels()).toEqual({});
    expect(world.told.failed).toEqual(['store-conflict']);
  });
});
