// "What happens when": an object that never verified.
import { describe, expect, test } from '@jest/globals';
import { changed, day, minute, nodeFeature, noon } from '../../support/sealing.ts';
import { useMaster } from './use-master.ts';
import { grace, key, label } from './world.ts';

const { unstarted, seeing, sealed } = useMaster();

describe('an object that never verified', () => {
  test('contributes nothing, holds nothing up, leaves no mark', async () => {
    const world = await seeing(
      nodeFeature({ namespace: 'vendor' }),
      nodeFeature({ namespace: 'default' }),
      sealed(),
    );
    expect(world.told.refused).toEqual([
      'vendor/node-a seal-missing',
      'default/node-a namespace-not-in-policy',
    ]);
    expect(world.labels()).toEqual({ [label]: 'true' });
    expect(Object.keys(world.mark()?.objects ?? {})).toEqual([key]);
  });

  test('may be deleted without a trace', async () => {
    const world = await seeing(nodeFeature());
    world.objects.delete(key);
    await world.pass(2 * grace);
    expect(world).toMatchObject({ patches: [] });
    expect(world.told.lapsed).toEqual([]);
  });

  test('a copy of a good object under another name is refused and takes nothing', async () => {
    const world = unstarted();
    world.nodes.add('node-b', new Date(noon - day));
    await world.start();
    await world.put(sealed());
    await world.put(changed(await sealed(), ({ metadata }) => (metadata.name = 'node-b')));
    expect(world.told.refused).toEqual(['featureseal/node-b signature-invalid']);
    expect(world.labels('node-b')).toEqual({});
  });

  test('waits for its Node and counts when that appears', async () => {
    const world = await seeing(sealed({ node: 'node-b' }));
    expect(world.told.refused).toEqual(['featureseal/node-b node-unknown']);
    world.nodes.add('node-b', new Date(noon - minute));
    await world.idle();
    expect(world.labels('node-b')).toEqual({ [label]: 'true' });
  });
});
