// "What happens when": withdrawn, and no bundle to judge by.
import { describe, expect, test } from '@jest/globals';
import { FeaturesealError } from '../../../src/error.ts';
import {
  bundlesOf,
  day,
  hour,
  issue,
  minute,
  nodeFeature,
  noon,
  rawSeal,
  rootCa,
  trustDomain,
} from '../../support/sealing.ts';
import { useMaster } from './use-master.ts';
import { grace, key, label, second, type MasterWorld } from './world.ts';

const { ca, unstarted, seeing, sealed } = useMaster();

/** The bundle after its own root was replaced. */
async function withoutOurRoot() {
  return bundlesOf(await rootCa({ subject: 'CN=Next' }));
}

describe('withdrawn by the bundle', () => {
  test('the mark loses the digest at once, the labels go after the grace, and the reason is told', async () => {
    const world = await seeing(sealed());
    await world.giveBundles(await withoutOurRoot());
    expect(world.mark()?.objects[key]).toEqual({ iat: noon, signer: expect.any(String) });
    expect(world.told.refused).toEqual([`${key} path-not-found`]);
    await world.pass(grace - second);
    expect(world.labels()).toEqual({ [label]: 'true' });
    await world.pass(second);
    expect(world.labels()).toEqual({});
    expect(world.told.lapsed).toEqual([key]);
    await world.pass(4 * grace);
    expect(world.told.lapsed).toEqual([key]);
  });

  test('is nothing where the root comes back within the grace', async () => {
    const world = await seeing(sealed());
    const digest = world.mark()?.objects[key]?.digest;
    await world.giveBundles(await withoutOurRoot());
    await world.pass(grace - second);
    await world.giveBundles(bundlesOf(ca()));
    await world.pass(2 * grace);
    expect(world.labels()).toEqual({ [label]: 'true' });
    expect(world.mark()?.objects[key]?.digest).toBe(digest);
    expect(world.told.lapsed).toEqual([]);
  });

  test('is nothing where the root comes back within the grace, though a bad write lies over the object', async () => {
    const world = await seeing(sealed(), nodeFeature());
    await world.giveBundles(await withoutOurRoot());
    await world.pass(grace - second);
    await world.giveBundles(bundlesOf(ca()));
    await world.pass(2 * grace);
    expect(world.labels()).toEqual({ [label]: 'true' });
    expect(world.told.lapsed).toEqual([]);
  });

  test('takes the digest from the mark at once where the object is deleted already', async () => {
    const world = await seeing(sealed());
    world.objects.delete(key);
    await world.giveBundles(await withoutOurRoot());
    expect(world.mark()?.objects[key]).toEqual({ iat: noon, signer: expect.any(String) });
    await world.pass(grace);
    expect(world.labels()).toEqual({});
  });

  test('is over when the root comes back later, without a new write', async () => {
    const world = await seeing(sealed());
    await world.giveBundles(await withoutOurRoot());
    await world.pass(2 * grace);
    await world.giveBundles(await withoutOurRoot());
    await world.pass(2 * grace);
    expect(world.told.lapsed).toEqual([key]);
    await world.giveBundles(bundlesOf(ca()));
    expect(world.labels()).toEqual({ [label]: 'true' });
    expect(world.mark()?.objects[key]?.digest).toEqual(expect.any(String));
  });

  test('is over with a newer seal', async () => {
    const world = await seeing(sealed());
    const next = await rootCa({ subject: 'CN=Next' });
    await world.giveBundles(bundlesOf(next));
    await world.put(sealed({ at: noon + second, by: await issue(next) }));
    await world.pass(2 * grace);
    expect(world.labels()).toEqual({ [label]: 'true' });
    expect(world.told.lapsed).toEqual([]);
    expect(world.mark()?.objects[key]).toMatchObject({ iat: noon + second, digest: expect.any(String) });
  });

  test('a bad write cannot hold what was withdrawn, nor an expired leaf bring it back', async () => {
    const world = await seeing(sealed());
    await world.put(nodeFeature());
    await world.giveBundles(await withoutOurRoot());
    await world.pass(grace);
    expect(world.labels()).toEqual({});
    // Same content under the same leaf, which has expired meanwhile: nothing vouches for it any more.
    world.clock.set(noon + 2 * hour);
    await world.put(sealed({ at: noon + second }));
    expect(world.told.refused.at(-1)).toBe(`${key} certificate-expired`);
    expect(world.labels()).toEqual({});
    await world.restart();
    expect(world.told.refused).toEqual([`${key} certificate-expired`]);
  });

  test('is not hidden by the accepted content under a forged leaf that has expired', async () => {
    const world = await seeing(sealed());
    const forged = await issue(await rootCa(), {
      notBefore: new Date(noon - day),
      notAfter: new Date(noon - hour),
    });
    await world.put(rawSeal(nodeFeature(), forged, { at: noon + 1 }));
    expect(world.told.refused).toEqual([]);
    await world.giveBundles(await withoutOurRoot());
    await world.pass(grace);
    expect(world.labels()).toEqual({});
  });

  test('is not escaped by an object that is under judgement while its root goes: no verdict outlives its bundle', async () => {
    const next = await withoutOurRoot();
    const world = await seeing(sealed());
    world.objects.put(await sealed({ at: noon + 1, labels: { late: '1' } }));
    await world.judging();
    await world.giveBundles(next);
    expect(world.told.refused).toContain(`${key} path-not-found`);
    await world.pass(grace);
    expect(world.labels()).toEqual({});
    expect(world.mark()?.objects[key]).toEqual({ iat: noon, signer: expect.any(String) });
  });

  test('is not escaped by a first object either: it is refused', async () => {
    const next = await withoutOurRoot();
    const world = await seeing();
    world.objects.put(await sealed());
    await world.judging();
    await world.giveBundles(next);
    expect(world.told).toMatchObject({ verified: [], refused: [`${key} path-not-found`] });
    expect(world.labels()).toEqual({});
  });

  test('is not undone by the answer of a bundle that was replaced while it was asked', async () => {
    const next = await withoutOurRoot();
    const world = await seeing(sealed());
    world.bundles.give(bundlesOf(ca()));
    await world.giveBundles(next);
    await world.pass(grace);
    expect(world.labels()).toEqual({});
  });

  test('does not happen to an expired leaf, nor to one that is not valid yet by a clock that went back', async () => {
    for (const time of [noon + 2 * hour, noon - 2 * hour]) {
      const world = await seeing(sealed());
      world.clock.set(time);
      await world.giveBundles(await withoutOurRoot());
      await world.pass(2 * grace);
      expect(world.labels()).toEqual({ [label]: 'true' });
      expect(world.mark()?.objects[key]?.digest).toEqual(expect.any(String));
    }
  });

  test('happens when an authority of the path expires before the leaf', async () => {
    const short = await ca().intermediate({
      notBefore: new Date(noon - day),
      notAfter: new Date(noon + 10 * minute),
    });
    const world = await seeing(sealed({ by: await issue(short) }));
    await world.pass(10 * minute + grace - second);
    expect(world.labels()).toEqual({ [label]: 'true' });
    await world.pass(12 * second);
    expect(world.labels()).toEqual({});
  });
});

describe('no bundle to judge by', () => {
  const lost = new FeaturesealError({ code: 'workload-api-unavailable', message: 'the stream is lost' });

  test.each<[string, (world: MasterWorld) => void]>([
    ['PermissionDenied', (world) => world.bundles.give(undefined)],
    ['a bundle without authorities', (world) => world.bundles.give(new Map([[trustDomain, []]]))],
    ['no trust domain', (world) => world.bundles.give(new Map())],
    ['a stream that is lost', (world) => void (world.bundles.error = lost)],
  ])('%s: not ready, nothing accepted, nothing withdrawn; all is judged when it is back', async (_, lose) => {
    const world = await seeing(sealed());
    lose(world);
    await world.put(sealed({ at: noon + 1, labels: { b: '1' } }));
    expect(world.master.isReady()).toBe(false);
    expect(world.told.refused).toEqual([`${key} workload-api-unavailable`]);
    await world.pass(2 * grace);
    expect(world.labels()).toEqual({ [label]: 'true' });
    expect(world.patches).toHaveLength(1);
    world.bundles.error = undefined;
    await world.giveBundles(bundlesOf(ca()));
    expect(world.master.isReady()).toBe(true);
    expect(world.labels()).toEqual({ b: '1' });
  });

  test('at the start nothing is listed, judged or written until there is one', async () => {
    const world = unstarted();
    world.bundles.give(undefined);
    world.objects.put(await sealed());
    await world.start();
    await world.pass(2 * grace);
    expect(world.told).toMatchObject({ verified: [], refused: [] });
    expect(world.master.isReady()).toBe(false);
    await world.giveBundles(bundlesOf(ca()));
    expect(world.labels()).toEqual({ [label]: 'true' });
    expect(world.master.isReady()).toBe(true);
  });
});
