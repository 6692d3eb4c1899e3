// "What happens when": another nfd-master at work. What counts as one, and above all what does not.
import { setImmediate } from 'node:timers/promises';
import { describe, expect, test } from '@jest/globals';
import { hour, minute, nodeFeature } from '../../support/sealing.ts';
import { useMaster } from './use-master.ts';
import { full, key, label, tracking, type MasterWorld } from './world.ts';

const { seeing, sealed, unstarted } = useMaster();
const forged = 'feature.node.kubernetes.io/forged';

/** What an nfd-master writes that takes an object in which is refused here. */
const theirs = {
  labels: { [forged]: 'true', [full]: 'false' },
  annotations: { [tracking]: `${label},forged` },
};

function nfdMasterWrites(world: MasterWorld, patch = theirs, node = 'node-a'): void {
  world.nodes.write(node, patch, 'nfd-master');
}

describe('an nfd-master that writes to a Node of ours', () => {
  test('is told of, and what it wrote is taken back', async () => {
    const world = await seeing(sealed());
    nfdMasterWrites(world);
    await world.idle();
    expect(world.told.overwritten).toEqual([`new node-a feature-labels ${label} forged`]);
    expect(world.labels()).toEqual({ [label]: 'true' });
  });

  test('is seen though the answer to a patch of ours comes after it', async () => {
    const world = unstarted();
    const patch = world.nodes.patch.bind(world.nodes);
    world.nodes.patch = async (...args) => {
      const answer = await patch(...args);
      world.nodes.patch = patch;
      nfdMasterWrites(world);
      // The watch tells of both meanwhile.
      await setImmediate();
      return answer;
    };
    await world.start();
    await world.put(sealed());
    await world.idle();
    expect(world.told.overwritten).toEqual([`new node-a feature-labels ${label} forged`]);
    expect(world.labels()).toEqual({ [label]: 'true' });
  });

  test('is known by the books of an instance of it, too', async () => {
    const world = await seeing(sealed());
    const books = 'west.nfd.node.kubernetes.io/feature-labels';
    world.nodes.write('node-a', { annotations: { [books]: 'x' } }, 'nfd-master');
    await world.idle();
    expect(world.told.overwritten).toEqual([`new node-a ${books}`]);
  });

  test('is told of anew after it has kept still for two hours', async () => {
    const world = await seeing(sealed());
    for (const pause of [0, hour, 2 * hour - minute, 2 * hour]) {
      await world.pass(pause);
      nfdMasterWrites(world);
      await world.idle();
    }
    const isNew = world.told.overwritten.map((each) => each.split(' ')[0]);
    expect(isNew).toEqual(['new', 'again', 'again', 'new']);
  });

  test('is told of by each Node, and anew of one that was deleted and is there again', async () => {
    const world = unstarted();
    world.nodes.add('node-b', world.node().created);
    await world.start();
    for (const node of ['node-a', 'node-b']) {
      await world.put(sealed({ node }));
      nfdMasterWrites(world, theirs, node);
      await world.idle();
    }
    world.nodes.delete('node-b');
    world.nodes.add('node-b', new Date(world.clock.now()));
    await world.pass(minute);
    await world.put(sealed({ node: 'node-b', at: world.clock.now() }));
    nfdMasterWrites(world, theirs, 'node-b');
    await world.idle();
    expect(world.told.overwritten.map((each) => each.split(' ', 2).join(' '))).toEqual([
      'new node-a',
      'new node-b',
      'new node-b',
    ]);
  });

  test('is told of by the leader alone, and anew by the next one', async () => {
    const world = await seeing(sealed());
    nfdMasterWrites(world);
    await world.idle();
    world.lead(false);
    nfdMasterWrites(world, { ...theirs, labels: { [forged]: '2', [full]: '2' } });
    await world.idle();
    expect(world.told.overwritten).toHaveLength(1);
    world.lead(true);
    await world.idle();
    expect(world.labels()).toEqual({ [label]: 'true' });
    nfdMasterWrites(world);
    await world.idle();
    expect(world.told.overwritten.map((each) => each.split(' ')[0])).toEqual(['new', 'new']);
  });

  test('is told of once where its write was met as a conflict and the watch tells of it late', async () => {
    const world = await seeing(sealed());
    world.isNodeWatchBehind = true;
    let late = world.node();
    world.beforePatch = () => {
      world.beforePatch = () => undefined;
      nfdMasterWrites(world);
      late = world.node();
    };
    world.clock.advance(minute);
    await world.put(sealed({ labels: { other: '1' }, at: world.clock.now() }));
    expect(world.told.failed).toEqual(['store-conflict']);
    world.isNodeWatchBehind = false;
    world.tellOfNode({ type: 'applied', node: late });
    await world.idle();
    expect(world.told.overwritten).toHaveLength(1);
  });
});

describe('no nfd-master is told of', () => {
  test.each<[string, (world: MasterWorld) => unknown]>([
    [
      'where this master writes',
      async (world) => {
        world.clock.advance(minute);
        await world.put(sealed({ labels: { other: '1' }, at: world.clock.now() }));
      },
    ],
    [
      'where somebody edits labels and tracking annotations by hand',
      (world) => world.nodes.write('node-a', theirs),
    ],
    [
      'where somebody takes them off by hand',
      (world) => world.nodes.write('node-a', { labels: { [full]: null }, annotations: { [tracking]: null } }),
    ],
    [
      'where it writes what is there already',
      (world) => world.nodes.write('node-a', { labels: { [full]: 'true' } }, 'nfd-master'),
    ],
    [
      'where the Node is another one of that name, made and labelled while the watch was away',
      (world) => {
        world.isNodeWatchBehind = true;
        world.nodes.add('node-a', new Date(world.clock.now()));
        nfdMasterWrites(world);
        world.isNodeWatchBehind = false;
        world.tellOfNode({ type: 'applied', node: world.node() });
      },
    ],
    [
      'where a patch meets a conflict with somebody else',
      async (world) => {
        world.beforePatch = () => {
          world.beforePatch = () => undefined;
          world.nodes.write('node-a', { labels: { 'example.com/mine': '1' } });
        };
        world.clock.advance(minute);
        await world.put(sealed({ labels: { other: '1' }, at: world.clock.now() }));
        expect(world.told.failed).toEqual(['store-conflict']);
      },
    ],
  ])('%s', async (_, happens) => {
    const world = await seeing(sealed());
    await happens(world);
    await world.idle();
    expect(world.told.overwritten).toEqual([]);
  });

  test("before the first verified seal of a Node: until then its labels are NFD's on purpose", async () => {
    const world = await seeing(nodeFeature());
    nfdMasterWrites(world);
    await world.pass(hour);
    expect(world.labels()).toEqual({ forged: 'true', [label]: 'false' });
    await world.put(sealed({ at: world.clock.now() }));
    expect(world.told.overwritten).toEqual([]);
    expect(world.mark()?.objects).toHaveProperty([key]);
  });

  test('for what it left behind before this master began', async () => {
    const world = await seeing(sealed());
    await world.stop();
    nfdMasterWrites(world);
    await world.restart();
    await world.pass(hour);
    expect(world.labels()).toEqual({ [label]: 'true' });
    expect(world.told.overwritten).toEqual([]);
  });

  test('for what is as it left it, whatever else of the Node is written', async () => {
    const world = unstarted();
    const same = { labels: { [full]: 'true' }, annotations: { [tracking]: label } };
    world.nodes.write('node-a', same, 'nfd-master');
    await world.start();
    await world.put(sealed());
    expect(world.node().byNfdMaster.annotations).toEqual(new Set([tracking]));
    world.nodes.write('node-a', { labels: { 'example.com/mine': '1' } });
    await world.idle();
    expect(world.mark()?.objects).toHaveProperty([key]);
    expect(world.told.overwritten).toEqual([]);
  });
});
