// A patch of a Node that does not go through: conflicts, and an API server that fails.
import { describe, expect, test } from '@jest/globals';
import { FeaturesealError } from '../../../src/error.ts';
import type { ReasonCode } from '../../../src/error-codes.ts';
import { day, minute, noon } from '../../support/sealing.ts';
import { useMaster } from './use-master.ts';
import { full, key, label, markKey, second, tracking } from './world.ts';

const { unstarted, started, seeing, sealed } = useMaster();

describe('a patch that does not go through', () => {
  test('a conflict with another Node of that name, of which the watch has not told yet, gives that one nothing', async () => {
    const world = await started();
    world.beforePatch = () => {
      world.beforePatch = () => undefined;
      world.isNodeWatchBehind = true;
      world.nodes.add('node-a', new Date(noon + 10 * minute));
    };
    await world.put(sealed());
    expect(world.told.failed).toEqual(['store-conflict']);
    expect(world.labels()).toEqual({});
  });

  test('a conflict is followed by a patch only after the objects were verified again', async () => {
    const world = await started();
    const verifiedBefore: number[] = [];
    world.beforePatch = () => {
      if (verifiedBefore.push(world.told.verified.length) > 1) return;
      throw new FeaturesealError({ code: 'store-conflict', message: 'changed meanwhile' });
    };
    await world.put(sealed());
    expect(verifiedBefore).toEqual([1, 2]);
    expect(world.labels()).toEqual({ [label]: 'true' });
  });

  test('a conflict: the Node is read, the objects are verified again, then what is right is written', async () => {
    const world = await started();
    let reads = 0;
    world.beforeRead = () => (reads += 1);
    world.beforePatch = () => {
      world.beforePatch = () => undefined;
      world.nodes.write('node-a', { labels: { kubelet: '1' } });
    };
    await world.put(sealed());
    expect(world.told.failed).toEqual(['store-conflict']);
    expect(world.told.verified).toEqual([key, key]);
    expect(reads).toBe(1);
    expect(world.labels()).toEqual({ [label]: 'true', kubelet: '1' });
  });

  test('a conflict with another leader: what it accepted since is not overwritten with what is older', async () => {
    const world = await seeing(sealed());
    const other = await seeing(sealed(), sealed({ at: noon + 2, labels: { newer: '1' } }));
    const { objects } = other.mark() ?? { objects: {} };
    const seen: string[] = [];
    world.beforePatch = (view, patch) => {
      if (seen.push(JSON.stringify(patch.labels)) > 1) return;
      // The other leader has seen an object that this master has not: its watch is behind.
      const text = JSON.stringify({ uid: view.uid, objects });
      world.nodes.write('node-a', {
        labels: {
          ...patch.labels,
          [full]: null,
          'feature.node.kubernetes.io/newer': '1',
          'feature.node.kubernetes.io/middle': null,
        },
        annotations: { [markKey]: text, [tracking]: 'newer' },
      });
    };
    world.objects.read = () => Promise.resolve(other.objects.get(key));
    await world.put(sealed({ at: noon + 1, labels: { middle: '1' } }));
    expect(world.labels()).toEqual({ newer: '1' });
    expect(seen).toHaveLength(1);
  });

  test('a conflict whose objects cannot be read is tried again later, and nothing is re-sent until then', async () => {
    const world = await started();
    let patches = 0;
    world.beforePatch = () => {
      patches += 1;
      // The watch is behind: only the refusal tells that the Node has changed.
      if (patches === 1) throw new FeaturesealError({ code: 'store-conflict', message: 'changed meanwhile' });
    };
    world.beforeRead = () => {
      throw new FeaturesealError({ code: 'store-unavailable', message: 'away' });
    };
    await world.put(sealed());
    expect(patches).toBe(1);
    world.beforeRead = () => undefined;
    await world.pass(2 * second);
    expect(world.labels()).toEqual({ [label]: 'true' });
  });

  test.each<ReasonCode>(['store-unavailable', 'store-refused'])(
    '%s: tried again with growing pauses, for ever',
    async (code) => {
      const world = await started();
      const tries: number[] = [];
      world.beforePatch = () => {
        tries.push((world.clock.now() - noon) / second);
        throw new FeaturesealError({ code, message: 'said the test' });
      };
      await world.put(sealed());
      await world.pass(4 * minute);
      expect(tries).toEqual([0, 1, 3, 7, 15, 31, 63, 123, 183]);
      world.beforePatch = () => undefined;
      await world.pass(minute);
      expect(world.labels()).toEqual({ [label]: 'true' });
    },
  );

  test('one Node that hangs holds up no other, and no Node is patched twice at a time', async () => {
    const world = unstarted({ parallelPatches: 2 });
    world.nodes.add('node-b', new Date(noon - day));
    world.nodes.add('node-c', new Date(noon - day));
    await world.start();
    const gate = Promise.withResolvers<undefined>();
    let atNodeA = 0;
    world.beforePatch = ({ name }) => {
      if (name !== 'node-a') return undefined;
      atNodeA += 1;
      return gate.promise;
    };
    await world.put(sealed());
    await world.put(sealed({ at: noon + 1, labels: { later: '1' } }));
    for (const node of ['node-b', 'node-c']) await world.put(sealed({ node }));
    expect(world.labels('node-b')).toEqual({ [label]: 'true' });
    expect(world.labels('node-c')).toEqual({ [label]: 'true' });
    expect(atNodeA).toBe(1);
    gate.resolve(undefined);
    await world.idle();
    expect(world.labels()).toEqual({ later: '1' });
  });
});
