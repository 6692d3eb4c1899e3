// What a verified object makes of its Node.
import { describe, expect, test } from '@jest/globals';
import { changed, day, hour, issue, minute, noon, sealKey, workerId } from '../../support/sealing.ts';
import { useMaster } from './use-master.ts';
import { full, key, label, markKey, tracking } from './world.ts';

const { ca, started, seeing, sealed } = useMaster();

describe('a verified object', () => {
  test('becomes labels, tracking annotation and mark in one patch', async () => {
    const world = await seeing(sealed());
    expect(world.patches).toEqual([
      {
        node: 'node-a',
        patch: {
          labels: { [full]: 'true' },
          annotations: { [tracking]: label, [markKey]: expect.any(String) },
        },
      },
    ]);
    expect(world.mark()).toEqual({
      uid: world.node().uid,
      objects: { [key]: { iat: noon, digest: expect.stringMatching(/^[\w-]{43}$/), signer: workerId() } },
    });
    expect(world.told).toMatchObject({ verified: [key], refused: [] });
  });

  test('sealed anew with the same content costs no patch, until the mark is a quarter of maxAge behind', async () => {
    const long = await issue(ca(), { notAfter: new Date(noon + day) });
    const world = await seeing(sealed({ by: long }));
    for (const at of [noon + minute, noon + 6 * hour - 1]) {
      world.clock.set(at);
      await world.put(sealed({ at, by: long }));
      expect(world.patches).toHaveLength(1);
    }
    world.clock.set(noon + 6 * hour);
    await world.put(sealed({ at: noon + 6 * hour, by: long }));
    expect(world.patches.slice(1)).toEqual([
      { node: 'node-a', patch: { labels: {}, annotations: { [markKey]: expect.any(String) } } },
    ]);
    expect(world.mark()?.objects[key]?.iat).toBe(noon + 6 * hour);
  });

  test('with new content replaces the labels and the mark', async () => {
    const world = await seeing(sealed());
    const before = world.mark()?.objects[key]?.digest;
    await world.put(sealed({ at: noon + 1, labels: { b: '1' } }));
    expect(world.labels()).toEqual({ b: '1' });
    expect(world.patches[1]?.patch.labels).toEqual({ [full]: null, 'feature.node.kubernetes.io/b': '1' });
    expect(world.mark()?.objects[key]).toMatchObject({ iat: noon + 1 });
    expect(world.mark()?.objects[key]?.digest).not.toBe(before);
  });

  test('gives what it was verified for, whatever is stored by then', async () => {
    const world = await started();
    const good = await sealed();
    world.objects.put(good);
    world.objects.put(
      changed(good, ({ spec }) => (spec.labels = { 'feature.node.kubernetes.io/evil': 'true' })),
    );
    await world.idle();
    expect(world.labels()).toEqual({ [label]: 'true' });
    expect(world.told).toMatchObject({ verified: [key], refused: [`${key} signature-invalid`] });
  });
});

test('one annotation of an object is not what another is', async () => {
  const world = await seeing(sealed());
  await world.put(
    changed(
      await sealed({ at: noon + 1 }),
      ({ metadata }) => (metadata.annotations[`${sealKey}x`] = 'verified=true'),
    ),
  );
  expect(world.told.refused).toEqual([]);
  expect(world.patches).toHaveLength(1);
});
