// Labels on a Node that this master did not write, or does not write.
import { describe, expect, test } from '@jest/globals';
import { hour, nodeFeature } from '../../support/sealing.ts';
import { useMaster } from './use-master.ts';
import { full, label, tracking } from './world.ts';

const { unstarted, seeing, sealed } = useMaster();

describe('labels of others', () => {
  test('a key that is there and tracked by nobody is left alone, and told where it differs', async () => {
    const world = unstarted();
    world.nodes.write('node-a', { labels: { [full]: 'theirs' } });
    await world.start();
    await world.put(sealed());
    expect(world.labels()).toEqual({ [label]: 'theirs' });
    expect(world.told.dropped).toContain(full);
  });

  test('illegal and reserved labels are dropped one by one', async () => {
    const labels = {
      ok: '1',
      'node-role.kubernetes.io/control-plane': '',
      'a b': '1',
      'vendor.example/x': 'v'.repeat(64),
    };
    const world = await seeing(sealed({ labels }));
    expect(world.labels()).toEqual({ ok: '1' });
    expect(new Set(world.told.dropped)).toEqual(
      new Set([
        'node-role.kubernetes.io/control-plane',
        'feature.node.kubernetes.io/a b',
        'vendor.example/x',
      ]),
    );
  });

  test('a tracking annotation that names labels of others removes none of them', async () => {
    const world = await seeing(sealed());
    world.nodes.write('node-a', {
      labels: { 'kubernetes.io/hostname': 'h' },
      annotations: { [tracking]: `${label},kubernetes.io/hostname` },
    });
    await world.idle();
    expect(world.labels()).toEqual({ [label]: 'true', 'kubernetes.io/hostname': 'h' });
    expect(world.node().annotations[tracking]).toBe(label);
  });

  test('an edited or removed label of ours is put back', async () => {
    const world = await seeing(sealed());
    for (const value of ['false', null]) {
      world.nodes.write('node-a', { labels: { [full]: value } });
      await world.idle();
      expect(world.labels()).toEqual({ [label]: 'true' });
    }
  });

  test('labels of NFD stay until the first verified seal, then they are reconciled', async () => {
    const world = unstarted();
    world.nodes.write('node-a', {
      labels: { 'feature.node.kubernetes.io/nfd': '1', [full]: 'old' },
      annotations: { [tracking]: `nfd,${label}` },
    });
    await world.start();
    await world.put(nodeFeature());
    await world.pass(hour);
    expect(world.patches).toEqual([]);
    await world.put(sealed());
    expect(world.labels()).toEqual({ [label]: 'true' });
  });
});
