// "What happens when": a master restarts.
import { describe, expect, test } from '@jest/globals';
import { aborted } from '../../../src/memory/node-features.ts';
import {
  bundlesOf,
  changed,
  hour,
  issue,
  minute,
  nodeFeature,
  noon,
  rawSeal,
  rootCa,
  testPolicy,
  type Loose,
} from '../../support/sealing.ts';
import { useMaster } from './use-master.ts';
import { grace, key, label, second, type MasterWorld } from './world.ts';

const { seeing, sealed } = useMaster();
const edited = async (change: (copy: Loose) => void) => changed(await sealed({ at: noon + 1 }), change);

/** The bundle after its own root was replaced. */
async function withoutOurRoot() {
  return bundlesOf(await rootCa({ subject: 'CN=Next' }));
}

describe('a restart', () => {
  test('with the good object writes nothing', async () => {
    const world = await seeing(sealed());
    await world.restart();
    await world.pass(2 * grace);
    expect(world).toMatchObject({ patches: [] });
    expect(world.told.verified).toEqual([key]);
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
    const world = await seeing(sealed());
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
  });

  test('with a tampered object that is restored in time changes nothing at all', async () => {
    const world = await seeing(sealed());
    await world.stop();
    world.objects.put(nodeFeature());
    await world.restart();
    await world.pass(grace - second);
    await world.put(sealed({ at: world.clock.now() }));
    await world.pass(2 * grace);
    expect(world.patches).toEqual([]);
  });

  test('with one of two objects missing adds what the other brings and removes nothing', async () => {
    const world = await seeing(
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
  });

  test('in an outage keeps what expired leaves had said', async () => {
    const world = await seeing(sealed());
    world.clock.set(noon + 3 * hour);
    await world.restart();
    await world.pass(2 * grace);
    expect(world.told).toMatchObject({ verified: [key], refused: [], stale: [] });
    expect(world.patches).toEqual([]);
  });

  test('after the root was lost meanwhile: the grace, then the labels go and the mark loses the digest', async () => {
    const world = await seeing(sealed());
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
  });

  test.each<[string, (text: string) => string, boolean]>([
    ['no longer names the signer', (text) => text.replace('/featureseal/worker/', '/other/'), true],
    [
      'no longer has the namespace',
      (text) => text.replace('namespace: featureseal', 'namespace: other'),
      false,
    ],
  ])('with a policy that %s: the grace, then the labels go', async (_, change, entryStays) => {
    const world = await seeing(sealed());
    await world.restart({ policy: testPolicy(change) });
    await world.pass(grace - second);
    expect(world.labels()).toEqual({ [label]: 'true' });
    await world.pass(12 * second);
    expect(world.labels()).toEqual({});
    expect(world.mark()?.objects[key]).toEqual(
      entryStays ? { iat: noon, signer: expect.any(String) } : undefined,
    );
  });

  test('by a clock that is hours behind withdraws nothing: the mark keeps the digest', async () => {
    const world = await seeing(sealed());
    world.clock.set(noon - 2 * hour);
    await world.restart();
    expect(world.told.refused).toEqual([`${key} certificate-not-yet-valid`]);
    expect(world.mark()?.objects[key]?.digest).toEqual(expect.any(String));
    await world.pass(2 * grace);
    expect(world.mark()?.objects[key]?.digest).toEqual(expect.any(String));
  });

  test('before its first full list takes nothing away, however long that lasts', async () => {
    const world = await seeing(sealed());
    await world.stop();
    world.objects.run = (_, signal) => aborted(signal);
    await world.restart();
    await world.pass(hour);
    expect(world.labels()).toEqual({ [label]: 'true' });
  });

  test('in a replay of what was said before the restart is refused', async () => {
    const world = await seeing(sealed({ at: noon - minute, labels: { old: '1' } }), sealed());
    await world.restart();
    await world.put(sealed({ at: noon - minute, labels: { old: '1' } }));
    expect(world.told.refused).toEqual([`${key} replayed`]);
    expect(world.labels()).toEqual({ [label]: 'true' });
  });
});
