// "What happens when": withdrawn, no bundle, and a master that restarts.
import { describe, expect, test } from '@jest/globals';
import { FeaturesealError } from '../../../src/error.ts';
import {
  bundlesOf,
  changed,
  day,
  hour,
  issue,
  minute,
  nodeFeature,
  noon,
  rawSeal,
  rootCa,
  testPolicy,
  trustDomain,
  type Loose,
} from '../../support/sealing.ts';
import { key, markKey, MasterWorld, sealed, useAuthority } from './world.ts';

const { ca, worker } = useAuthority();
const second = 1000;
const grace = 5 * minute;
const label = 'cpu-cpuid.AVX2';
const edited = async (change: (copy: Loose) => void) => changed(await sealed({ at: noon + 1 }), change);

/** The bundle after its own root was replaced. */
async function withoutOurRoot() {
  return bundlesOf(await rootCa({ subject: 'CN=Next' }));
}

describe('withdrawn by the bundle', () => {
  test('the mark loses the digest at once, the labels go after the grace, and the reason is told', async () => {
    const world = await MasterWorld.with(sealed());
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
    await world.stop();
  });

  test('is nothing where the root comes back within the grace', async () => {
    const world = await MasterWorld.with(sealed());
    const digest = world.mark()?.objects[key]?.digest;
    await world.giveBundles(await withoutOurRoot());
    await world.pass(grace - second);
    await world.giveBundles(bundlesOf(ca()));
    await world.pass(2 * grace);
    expect(world.labels()).toEqual({ [label]: 'true' });
    expect(world.mark()?.objects[key]?.digest).toBe(digest);
    expect(world.told.lapsed).toEqual([]);
    await world.stop();
  });

  test('is nothing where the root comes back within the grace, though a bad write lies over the object', async () => {
    const world = await MasterWorld.with(sealed(), nodeFeature());
    await world.giveBundles(await withoutOurRoot());
    await world.pass(grace - second);
    await world.giveBundles(bundlesOf(ca()));
    await world.pass(2 * grace);
    expect(world.labels()).toEqual({ [label]: 'true' });
    expect(world.told.lapsed).toEqual([]);
    await world.stop();
  });

  test('takes the digest from the mark at once where the object is deleted already', async () => {
    const world = await MasterWorld.with(sealed());
    world.objects.delete(key);
    await world.giveBundles(await withoutOurRoot());
    expect(world.mark()?.objects[key]).toEqual({ iat: noon, signer: expect.any(String) });
    await world.pass(grace);
    expect(world.labels()).toEqual({});
    await world.stop();
  });

  test('is over when the root comes back later, without a new write', async () => {
    const world = await MasterWorld.with(sealed());
    await world.giveBundles(await withoutOurRoot());
    await world.pass(2 * grace);
    await world.giveBundles(await withoutOurRoot());
    await world.pass(2 * grace);
    expect(world.told.lapsed).toEqual([key]);
    await world.giveBundles(bundlesOf(ca()));
    expect(world.labels()).toEqual({ [label]: 'true' });
    expect(world.mark()?.objects[key]?.digest).toEqual(expect.any(String));
    await world.stop();
  });

  test('is over with a newer seal', async () => {
    const world = await MasterWorld.with(sealed());
    const next = await rootCa({ subject: 'CN=Next' });
    await world.giveBundles(bundlesOf(next));
    await world.put(sealed({ at: noon + second, by: await issue(next) }));
    await world.pass(2 * grace);
    expect(world.labels()).toEqual({ [label]: 'true' });
    expect(world.told.lapsed).toEqual([]);
    expect(world.mark()?.objects[key]).toMatchObject({ iat: noon + second, digest: expect.any(String) });
    await world.stop();
  });

  test('a bad write cannot hold what was withdrawn, nor an expired leaf bring it back', async () => {
    const world = await MasterWorld.with(sealed());
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
    await world.stop();
  });

  test('is not hidden by the accepted content under a forged leaf that has expired', async () => {
    const world = await MasterWorld.with(sealed());
    const forged = await issue(await rootCa(), {
      notBefore: new Date(noon - day),
      notAfter: new Date(noon - hour),
    });
    await world.put(rawSeal(nodeFeature(), forged, { at: noon + 1 }));
    expect(world.told.refused).toEqual([]);
    await world.giveBundles(await withoutOurRoot());
    await world.pass(grace);
    expect(world.labels()).toEqual({});
    await world.stop();
  });

  test('does not happen to an expired leaf, nor to one that is not valid yet by a clock that went back', async () => {
    for (const time of [noon + 2 * hour, noon - 2 * hour]) {
      const world = await MasterWorld.with(sealed());
      world.clock.set(time);
      await world.giveBundles(await withoutOurRoot());
      await world.pass(2 * grace);
      expect(world.labels()).toEqual({ [label]: 'true' });
      expect(world.mark()?.objects[key]?.digest).toEqual(expect.any(String));
      await world.stop();
    }
  });

  test('happens when an authority of the path expires before the leaf', async () => {
    const short = await ca().intermediate({
      notBefore: new Date(noon - day),
      notAfter: new Date(noon + 10 * minute),
    });
    const world = await MasterWorld.with(sealed({ by: await issue(short) }));
    await world.pass(10 * minute + grace - second);
    expect(world.labels()).toEqual({ [label]: 'true' });
    await world.pass(12 * second);
    expect(world.labels()).toEqual({});
    await world.stop();
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
    const world = await MasterWorld.with(sealed());
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
    await world.stop();
  });

  test('at the start nothing is listed, judged or written until there is one', async () => {
    const world = new MasterWorld();
    world.bundles.give(undefined);
    world.objects.put(await sealed());
    await world.start();
    await world.pass(2 * grace);
    expect(world.told).toMatchObject({ verified: [], refused: [] });
    expect(world.master.isReady()).toBe(false);
    await world.giveBundles(bundlesOf(ca()));
    expect(world.labels()).toEqual({ [label]: 'true' });
    expect(world.master.isReady()).toBe(true);
    await world.stop();
  });
});

describe('a restart', () => {
  test('with the good object writes nothing', async () => {
    const world = await MasterWorld.with(sealed());
    await world.restart();
    await world.pass(2 * grace);
    expect(world).toMatchObject({ patches: [] });
    expect(world.told.verified).toEqual([key]);
    await world.stop();
  });

  test.each<[string, string[], (world: MasterWorld) => Promise<void> | void]>([
    ['missing', [], (world) => world.objects.delete(key)],
    ['stripped of its seal', [`${key} seal-missing`], (world) => world.put(nodeFeature())],
    [
      'edited',
      [`${key} signature-invalid`],
      (world) => world.put(edited(({ spec }) => (spec.labels['evil'] = '1'))),
    ],
    [
      'an older one',
      [`${key} replayed`],
      (world) => world.put(sealed({ at: noon - 1, labels: { old: '1' } })),
    ],
    [
      'the same under a leaf of nobody',
      [`${key} certificate-signature`],
      async (world) => world.put(rawSeal(nodeFeature(), await issue(await rootCa()), { at: noon + 1 })),
    ],
  ])('with an object that is %s takes nothing away before the grace is over', async (_, refused, tamper) => {
    const world = await MasterWorld.with(sealed());
    await world.stop();
    await tamper(world);
    await world.restart();
    expect(world.told.refused).toEqual(refused);
    await world.pass(grace - second);
    expect(world.labels()).toEqual({ [label]: 'true' });
    expect(world.patches).toEqual([]);
    await world.pass(11 * second);
    expect(world.labels()).toEqual({});
    expect(world.mark()?.objects[key]).toMatchObject({ iat: noon });
    await world.stop();
  });

  test('with a tampered object that is restored in time changes nothing at all', async () => {
    const world = await MasterWorld.with(sealed());
    await world.stop();
    world.objects.put(nodeFeature());
    await world.restart();
    await world.pass(grace - second);
    await world.put(sealed({ at: world.clock.now() }));
    await world.pass(2 * grace);
    expect(world.patches).toEqual([]);
    await world.stop();
  });

  test('with one of two objects missing adds what the other brings and removes nothing', async () => {
    const world = await MasterWorld.with(
      sealed(),
      sealed({
        namespace: 'vendor',
        features: {},
        labels: { 'vendor.example/a': '1', 'vendor.example/b': '1' },
      }),
    );
    await world.stop();
    world.objects.delete(key);
    await world.restart();
    await world.put(
      sealed({
        at: noon + 1,
        namespace: 'vendor',
        features: {},
        labels: { 'vendor.example/b': '2', 'vendor.example/c': '1' },
      }),
    );
    expect(world.labels()).toEqual({
      [label]: 'true',
      'vendor.example/a': '1',
      'vendor.example/b': '1',
      'vendor.example/c': '1',
    });
    await world.pass(grace + 5 * second);
    expect(world.labels()).toEqual({ 'vendor.example/b': '2', 'vendor.example/c': '1' });
    await world.stop();
  });

  test('in an outage keeps what expired leaves had said', async () => {
    const world = await MasterWorld.with(sealed());
    world.clock.set(noon + 3 * hour);
    await world.restart();
    await world.pass(2 * grace);
    expect(world.told).toMatchObject({ verified: [key], refused: [], stale: [] });
    expect(world.patches).toEqual([]);
    await world.stop();
  });

  test('after the root was lost meanwhile: the grace, then the labels go and the mark loses the digest', async () => {
    const world = await MasterWorld.with(sealed());
    await world.stop();
    world.bundles.give(await withoutOurRoot());
    await world.restart();
    await world.pass(grace - second);
    expect(world.labels()).toEqual({ [label]: 'true' });
    await world.pass(12 * second);
    expect(world.labels()).toEqual({});
    expect(world.mark()?.objects[key]).toEqual({ iat: noon, signer: expect.any(String) });
    expect(world.told.lapsed).toEqual([key]);
    await world.pass(2 * grace);
    expect(world.told.lapsed).toEqual([key]);
    await world.stop();
  });

  test.each<[string, (text: string) => string, boolean]>([
    ['no longer names the signer', (text) => text.replace('/featureseal/worker/', '/other/'), true],
    [
      'no longer has the namespace',
      (text) => text.replace('namespace: featureseal', 'namespace: other'),
      false,
    ],
  ])('with a policy that %s: the grace, then the labels go', async (_, change, entryStays) => {
    const world = await MasterWorld.with(sealed());
    await world.restart({ policy: testPolicy(change) });
    await world.pass(grace - second);
    expect(world.labels()).toEqual({ [label]: 'true' });
    await world.pass(12 * second);
    expect(world.labels()).toEqual({});
    expect(world.mark()?.objects[key]).toEqual(
      entryStays ? { iat: noon, signer: expect.any(String) } : undefined,
    );
    await world.stop();
  });

  test('by a clock that is hours behind withdraws nothing: the mark keeps the digest', async () => {
    const world = await MasterWorld.with(sealed());
    world.clock.set(noon - 2 * hour);
    await world.restart();
    expect(world.told.refused).toEqual([`${key} certificate-not-yet-valid`]);
    expect(world.mark()?.objects[key]?.digest).toEqual(expect.any(String));
    await world.pass(2 * grace);
    expect(world.mark()?.objects[key]?.digest).toEqual(expect.any(String));
    await world.stop();
  });

  test('before its first full list takes nothing away, however long that lasts', async () => {
    const world = await MasterWorld.with(sealed());
    await world.stop();
    world.objects.run = () => new Promise(() => undefined);
    void world.restart();
    await world.idle();
    await world.pass(hour);
    expect(world.labels()).toEqual({ [label]: 'true' });
  });

  test('in a replay of what was said before the restart is refused', async () => {
    const world = await MasterWorld.with(sealed({ at: noon - minute, labels: { old: '1' } }), sealed());
    await world.restart();
    await world.put(sealed({ at: noon - minute, labels: { old: '1' } }));
    expect(world.told.refused).toEqual([`${key} replayed`]);
    expect(world.labels()).toEqual({ [label]: 'true' });
    await world.stop();
  });
});

test('a mark that was written stays as it is while nothing changes', async () => {
  const world = await MasterWorld.with(sealed({ by: worker() }));
  const before = world.node().annotations[markKey];
  await world.pass(hour);
  expect(world.node().annotations[markKey]).toBe(before);
  await world.stop();
});
