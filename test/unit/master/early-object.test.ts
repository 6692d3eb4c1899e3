// "What happens when": a seal from the future, a leaf not yet valid, a new leaf before its bundle.
import { describe, expect, test } from '@jest/globals';
import {
  day,
  issue,
  minute,
  nodeFeature,
  noon,
  rawSeal,
  rootCa,
  trustDomain,
} from '../../support/sealing.ts';
import { useMaster } from './use-master.ts';
import { key, label, second } from './world.ts';

const { ca, seeing, sealed } = useMaster();

describe('an object before its time', () => {
  test('sealed by a clock that is ahead counts when its time has come, without a new write', async () => {
    const world = await seeing(sealed({ at: noon + 10 * minute }));
    let reads = 0;
    world.beforeRead = () => (reads += 1);
    expect(world.told.refused).toEqual([`${key} from-the-future`]);
    await world.pass(9 * minute - second);
    expect(world.labels()).toEqual({});
    expect(reads).toBe(0);
    await world.pass(10 * second);
    expect(world.labels()).toEqual({ [label]: 'true' });
    expect(reads).toBe(1);
  });

  test('whose leaf is not yet valid counts when it is', async () => {
    const early = await issue(ca(), { notBefore: new Date(noon + 30 * second) });
    const world = await seeing(rawSeal(nodeFeature(), early));
    expect(world.told.refused).toEqual([`${key} certificate-not-yet-valid`]);
    await world.pass(40 * second);
    expect(world.labels()).toEqual({ [label]: 'true' });
  });

  test('whose authority is not yet valid is asked for once a minute', async () => {
    const early = await ca().intermediate({
      notBefore: new Date(noon + 100 * second),
      notAfter: new Date(noon + day),
    });
    const world = await seeing(rawSeal(nodeFeature(), await issue(early)));
    await world.pass(2 * minute + 10 * second);
    expect(world.told.refused).toEqual([
      `${key} certificate-not-yet-valid`,
      `${key} certificate-not-yet-valid`,
    ]);
    expect(world.labels()).toEqual({ [label]: 'true' });
  });

  test('of a new authority counts when its root is in the bundle, without a new write', async () => {
    const next = await rootCa({ subject: 'CN=Next' });
    const world = await seeing(sealed({ by: await issue(next) }));
    expect(world.told.refused).toEqual([`${key} path-not-found`]);
    await world.giveBundles(new Map([[trustDomain, [ca().root, next.root]]]));
    expect(world.labels()).toEqual({ [label]: 'true' });
  });
});
