// The mark of a Node: what is read of it, when it is written.
import { describe, expect, test } from '@jest/globals';
import { day, hour, minute, noon, testPolicy } from '../../support/sealing.ts';
import { useMaster } from './use-master.ts';
import { grace, key, label, markKey } from './world.ts';

const { worker, unstarted, seeing, sealed } = useMaster();

describe('the mark of a Node', () => {
  const entry = (iat: number) => ({ [key]: { iat, digest: 'x'.repeat(43), signer: 's' } });
  const withMark = async (text: (uid: string) => string) => {
    const world = unstarted();
    world.nodes.write('node-a', { annotations: { [markKey]: text(world.node().uid) } });
    await world.start();
    return world;
  };

  test.each<[string, (uid: string) => string, string]>([
    [
      'of an earlier Node',
      () => JSON.stringify({ uid: 'other', objects: entry(noon + hour) }),
      'the mark belongs to an earlier Node of this name',
    ],
    ['that cannot be read', () => 'mark', 'the mark cannot be read'],
    [
      'of the far future',
      (uid) => JSON.stringify({ uid, objects: entry(noon + 2 * day) }),
      'the mark holds a time far in the future',
    ],
  ])('%s counts as absent, is told, and is written anew', async (_, text, problem) => {
    const world = await withMark(text);
    await world.put(sealed());
    expect(world.told.problems).toContain(problem);
    expect(world.labels()).toEqual({ [label]: 'true' });
    expect(world.mark()).toMatchObject({ uid: world.node().uid, objects: { [key]: { iat: noon } } });
  });

  test('that is newer than what comes refuses it', async () => {
    const world = await withMark((uid) => JSON.stringify({ uid, objects: entry(noon + 1) }));
    await world.put(sealed());
    expect(world.told.refused).toEqual([`${key} replayed`]);
  });

  test('that counts as absent does not let in what was sealed before the Node was', async () => {
    const world = await withMark(() => 'mark');
    await world.put(sealed({ at: noon - 30 * minute }));
    expect(world.told.refused).toEqual([]);
    world.nodes.add('node-a', new Date(noon));
    await world.idle();
    expect(world.told.refused).toEqual([`${key} before-node`]);
  });

  test('that somebody removes is written again', async () => {
    const world = await seeing(sealed());
    world.nodes.write('node-a', { annotations: { [markKey]: null } });
    await world.idle();
    expect(world.mark()?.objects[key]).toMatchObject({ iat: noon });
  });

  test('keeps the entries of objects that are gone, and loses those of namespaces that the policy dropped', async () => {
    const world = await seeing(
      sealed(),
      sealed({ namespace: 'vendor', features: {}, labels: { 'vendor.example/a': '1' } }),
    );
    world.objects.delete('vendor/node-a');
    await world.pass(2 * grace);
    expect(Object.keys(world.mark()?.objects ?? {})).toEqual([key, 'vendor/node-a']);
    await world.restart({ policy: testPolicy((text) => text.slice(0, text.indexOf('  - name: vendor'))) });
    await world.pass(2 * grace);
    expect(Object.keys(world.mark()?.objects ?? {})).toEqual([key]);
  });
});

test('a mark that was written stays as it is while nothing changes', async () => {
  const world = await seeing(sealed({ by: worker() }));
  const before = world.node().annotations[markKey];
  await world.pass(hour);
  expect(world.node().annotations[markKey]).toBe(before);
});
