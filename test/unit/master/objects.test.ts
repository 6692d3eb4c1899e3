// "What happens when", the rows on single objects: what comes in, and what stays in force.
import { describe, expect, test } from '@jest/globals';
import { FeaturesealError } from '../../../src/error.ts';
import type { NodeFeature } from '../../../src/feature/node-feature.ts';
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
  seal,
  sealKey,
  trustDomain,
  workerId,
} from '../../support/sealing.ts';
import { key, markKey, MasterWorld, sealed, tracking, useAuthority } from './world.ts';

const { ca, worker } = useAuthority();
const second = 1000;
const grace = 5 * minute;
const label = 'cpu-cpuid.AVX2';
const full = `feature.node.kubernetes.io/${label}`;

describe('a verified object', () => {
  test('becomes labels, tracking annotation and mark in one patch', async () => {
    const world = await MasterWorld.with(sealed());
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
    await world.stop();
  });

  test('sealed anew with the same content costs no patch, until the mark is a quarter of maxAge behind', async () => {
    const long = await issue(ca(), { notAfter: new Date(noon + day) });
    const world = await MasterWorld.with(sealed({ by: long }));
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
    await world.stop();
  });

  test('with new content replaces the labels and the mark', async () => {
    const world = await MasterWorld.with(sealed());
    const before = world.mark()?.objects[key]?.digest;
    await world.put(sealed({ at: noon + 1, labels: { b: '1' } }));
    expect(world.labels()).toEqual({ b: '1' });
    expect(world.patches[1]?.patch.labels).toEqual({ [full]: null, 'feature.node.kubernetes.io/b': '1' });
    expect(world.mark()?.objects[key]).toMatchObject({ iat: noon + 1 });
    expect(world.mark()?.objects[key]?.digest).not.toBe(before);
    await world.stop();
  });

  test('gives what it was verified for, whatever is stored by then', async () => {
    const world = await MasterWorld.with();
    const good = await sealed();
    world.objects.put(good);
    world.objects.put(
      changed(good, ({ spec }) => (spec.labels = { 'feature.node.kubernetes.io/evil': 'true' })),
    );
    await world.idle();
    expect(world.labels()).toEqual({ [label]: 'true' });
    expect(world.told).toMatchObject({ verified: [key], refused: [`${key} signature-invalid`] });
    await world.stop();
  });
});

describe('a bad write over a verified object', () => {
  const writes: [string, string, () => Promise<NodeFeature>][] = [
    [
      'edited',
      'signature-invalid',
      async () => changed(await sealed({ at: noon + 1 }), ({ spec }) => (spec.labels = { evil: '1' })),
    ],
    ['unsigned', 'seal-missing', async () => nodeFeature({ labels: { evil: '1' } })],
    ['an older object', 'replayed', () => sealed({ at: noon - 1, labels: { old: '1' } })],
    ['of the same time', 'conflicting-seal', () => sealed({ labels: { other: '1' } })],
    [
      'signed for another node',
      'signer-not-allowed',
      async () => sealed({ at: noon + 1, by: await issue(ca(), { spiffeId: workerId('node-b') }) }),
    ],
    [
      'signed by a stranger',
      'certificate-signature',
      async () => sealed({ at: noon + 1, by: await issue(await rootCa()) }),
    ],
    ['from the future', 'from-the-future', () => sealed({ at: noon + 30 * minute, labels: { early: '1' } })],
    [
      'garbage',
      'object-malformed',
      async () => changed(nodeFeature(), (copy) => Object.assign(copy, { spec: 5 })),
    ],
  ];

  test.each(writes)('%s: is refused with %s, and the last verified state stays', async (_, code, object) => {
    const world = await MasterWorld.with(sealed());
    await world.put(object());
    expect(world.told.refused).toEqual([`${key} ${code}`]);
    await world.pass(10 * minute);
    expect(world.labels()).toEqual({ [label]: 'true' });
    expect(world.patches).toHaveLength(1);
    await world.stop();
  });

  test('is over with the next good object', async () => {
    const world = await MasterWorld.with(
      sealed(),
      nodeFeature(),
      sealed({ at: noon + 1, labels: { b: '1' } }),
    );
    expect(world.labels()).toEqual({ b: '1' });
    await world.stop();
  });

  test('does not stop the state from being shown as stale, once', async () => {
    const world = new MasterWorld({ tickMs: minute });
    await world.start();
    await world.put(sealed());
    await world.put(nodeFeature());
    await world.pass(day);
    expect(world.told.stale).toEqual([]);
    await world.pass(2 * hour);
    expect(world.told.stale).toEqual([[key, true]]);
    expect(world.labels()).toEqual({ [label]: 'true' });
    const fresh = await issue(ca(), { notBefore: new Date(noon + day), notAfter: new Date(noon + 2 * day) });
    await world.put(sealed({ at: world.clock.now(), by: fresh }));
    expect(world.told.stale).toEqual([
      [key, true],
      [key, false],
    ]);
    await world.stop();
  });
});

describe('an object that never verified', () => {
  test('contributes nothing, holds nothing up, leaves no mark', async () => {
    const world = await MasterWorld.with(
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
    await world.stop();
  });

  test('may be deleted without a trace', async () => {
    const world = await MasterWorld.with(nodeFeature());
    world.objects.delete(key);
    await world.pass(2 * grace);
    expect(world).toMatchObject({ patches: [] });
    expect(world.told.lapsed).toEqual([]);
    await world.stop();
  });

  test('a copy of a good object under another name is refused and takes nothing', async () => {
    const world = new MasterWorld();
    world.nodes.add('node-b', new Date(noon - day));
    await world.start();
    await world.put(sealed());
    await world.put(changed(await sealed(), ({ metadata }) => (metadata.name = 'node-b')));
    expect(world.told.refused).toEqual(['featureseal/node-b signature-invalid']);
    expect(world.labels('node-b')).toEqual({});
    await world.stop();
  });

  test('waits for its Node and counts when that appears', async () => {
    const world = await MasterWorld.with(sealed({ node: 'node-b' }));
    expect(world.told.refused).toEqual(['featureseal/node-b node-unknown']);
    world.nodes.add('node-b', new Date(noon - minute));
    await world.idle();
    expect(world.labels('node-b')).toEqual({ [label]: 'true' });
    await world.stop();
  });
});

describe('a deleted object', () => {
  test('counts for the grace, then its labels go and the mark stays', async () => {
    const world = await MasterWorld.with(sealed());
    world.objects.delete(key);
    await world.pass(grace - second);
    expect(world.patches).toHaveLength(1);
    await world.pass(second);
    expect(world.labels()).toEqual({});
    expect(world.told.lapsed).toEqual([key]);
    expect(world.mark()?.objects[key]).toMatchObject({ iat: noon });
    await world.pass(2 * grace);
    expect(world.told.lapsed).toEqual([key]);
    expect(world.patches).toHaveLength(2);
    await world.stop();
  });

  test('restored within the grace changes nothing', async () => {
    const world = await MasterWorld.with(sealed());
    world.objects.delete(key);
    await world.pass(grace - second);
    await world.put(sealed({ at: noon + 1 }));
    await world.pass(2 * grace);
    expect(world.patches).toHaveLength(1);
    expect(world.told.lapsed).toEqual([]);
    await world.stop();
  });

  test('followed by a bad one is still gone after the grace', async () => {
    const world = await MasterWorld.with(sealed());
    world.objects.delete(key);
    await world.put(nodeFeature());
    await world.pass(grace);
    expect(world.labels()).toEqual({});
    await world.stop();
  });

  test.each([
    ['within', minute],
    ['after', 2 * grace],
  ])('followed by an older one %s the grace: replayed', async (_, wait) => {
    const world = await MasterWorld.with(sealed({ at: noon - 1, labels: { old: '1' } }), sealed());
    world.objects.delete(key);
    await world.pass(wait);
    await world.put(sealed({ at: noon - 1, labels: { old: '1' } }));
    expect(world.told.refused).toEqual([`${key} replayed`]);
    await world.stop();
  });

  test('is the same as one that a complete list no longer names', async () => {
    const world = await MasterWorld.with(sealed());
    void world.tell({ type: 'synced', keys: new Set() });
    await world.pass(grace - second);
    expect(world.labels()).toEqual({ [label]: 'true' });
    await world.pass(second);
    expect(world.labels()).toEqual({});
    await world.stop();
  });

  test('is gone though its verdict was still awaited, and though it still waited', async () => {
    const world = await MasterWorld.with();
    const object = await sealed();
    for (const gone of [
      () => world.tell({ type: 'deleted', key }),
      () => world.tell({ type: 'synced', keys: new Set() }),
    ]) {
      void world.tell({ type: 'applied', key, object });
      await world.judging();
      void gone();
      await world.idle();
      await world.pass(grace);
      expect(world.labels()).toEqual({});
    }
    const other = await sealed({ namespace: 'vendor', labels: {}, features: {} });
    for (const gone of [
      () => world.tell({ type: 'deleted', key }),
      () => world.tell({ type: 'synced', keys: new Set(['vendor/node-a'] as const) }),
    ]) {
      void world.tell({ type: 'applied', key: 'vendor/node-a', object: other });
      void world.tell({ type: 'applied', key, object });
      void gone();
      await world.idle();
      await world.pass(grace);
      expect(world.labels()).toEqual({});
    }
    await world.stop();
  });

  test('does not come back by a read from before', async () => {
    const world = await MasterWorld.with();
    const gate = Promise.withResolvers<undefined>();
    world.beforeRead = () => gate.promise;
    // After a conflict the master reads the object again; meanwhile it is deleted.
    world.beforePatch = () => {
      world.beforePatch = () => undefined;
      throw new FeaturesealError({ code: 'store-conflict', message: 'changed meanwhile' });
    };
    await world.put(sealed());
    const stored = world.objects.get(key);
    world.objects.read = () => Promise.resolve(stored);
    world.objects.delete(key);
    gate.resolve(undefined);
    await world.pass(grace);
    expect(world.labels()).toEqual({});
    expect(world.told.lapsed).toEqual([key]);
    await world.stop();
  });
});

describe('an object before its time', () => {
  test('sealed by a clock that is ahead counts when its time has come, without a new write', async () => {
    const world = await MasterWorld.with(sealed({ at: noon + 10 * minute }));
    let reads = 0;
    world.beforeRead = () => (reads += 1);
    expect(world.told.refused).toEqual([`${key} from-the-future`]);
    await world.pass(9 * minute - second);
    expect(world.labels()).toEqual({});
    expect(reads).toBe(0);
    await world.pass(10 * second);
    expect(world.labels()).toEqual({ [label]: 'true' });
    expect(reads).toBe(1);
    await world.stop();
  });

  test('whose leaf is not yet valid counts when it is', async () => {
    const early = await issue(ca(), { notBefore: new Date(noon + 30 * second) });
    const world = await MasterWorld.with(rawSeal(nodeFeature(), early));
    expect(world.told.refused).toEqual([`${key} certificate-not-yet-valid`]);
    await world.pass(40 * second);
    expect(world.labels()).toEqual({ [label]: 'true' });
    await world.stop();
  });

  test('whose authority is not yet valid is asked for once a minute', async () => {
    const early = await ca().intermediate({
      notBefore: new Date(noon + 100 * second),
      notAfter: new Date(noon + day),
    });
    const world = await MasterWorld.with(rawSeal(nodeFeature(), await issue(early)));
    await world.pass(2 * minute + 10 * second);
    expect(world.told.refused).toEqual([
      `${key} certificate-not-yet-valid`,
      `${key} certificate-not-yet-valid`,
    ]);
    expect(world.labels()).toEqual({ [label]: 'true' });
    await world.stop();
  });

  test('of a new authority counts when its root is in the bundle, without a new write', async () => {
    const next = await rootCa({ subject: 'CN=Next' });
    const world = await MasterWorld.with(sealed({ by: await issue(next) }));
    expect(world.told.refused).toEqual([`${key} path-not-found`]);
    await world.giveBundles(new Map([[trustDomain, [ca().root, next.root]]]));
    expect(world.labels()).toEqual({ [label]: 'true' });
    await world.stop();
  });
});

describe('stale', () => {
  test('after an outage over maxAge the labels are kept, and shown once as stale', async () => {
    const world = new MasterWorld({ tickMs: minute });
    await world.start();
    await world.put(sealed());
    await world.pass(day + 2 * minute);
    expect(world.labels()).toEqual({ [label]: 'true' });
    expect(world.told.stale).toEqual([[key, true]]);
    await world.stop();
  });

  test('it is so across a restart too, counted from the mark', async () => {
    const world = new MasterWorld({ tickMs: minute });
    await world.start();
    await world.put(sealed());
    await world.put(sealed({ at: noon + 30 * second }));
    world.clock.set(noon + day + 10 * second);
    await world.restart();
    await world.pass(2 * grace);
    expect(world.told).toMatchObject({ verified: [key], refused: [], stale: [[key, true]] });
    expect(world.labels()).toEqual({ [label]: 'true' });
    expect(world.patches).toEqual([]);
    await world.stop();
  });
});

describe('many events', () => {
  test('an old object between two new ones freezes nothing', async () => {
    const world = await MasterWorld.with();
    const [first, old, last] = [
      await sealed(),
      await sealed({ at: noon - 1 }),
      await sealed({ at: noon + 1, labels: { last: '1' } }),
    ];
    for (const object of [first, old, last]) world.objects.put(object);
    await world.idle();
    expect(world.told).toMatchObject({ verified: [key, key], refused: [`${key} replayed`] });
    expect(world.labels()).toEqual({ last: '1' });
    await world.stop();
  });

  test('a flood of one object drops its oldest events and lets every other object take its turn', async () => {
    const world = new MasterWorld();
    world.nodes.add('node-b', new Date(noon - day));
    await world.start();
    const other = await sealed({ node: 'node-b' });
    const last = await sealed({ at: noon + 1, labels: { last: '1' } });
    const order: string[] = [];
    for (let write = 0; write < 100; write += 1) world.objects.put(nodeFeature());
    world.objects.put(other);
    world.objects.put(last);
    await world.idle();
    order.push(...world.told.verified);
    expect(world.told.overflowed.length).toBeGreaterThanOrEqual(96);
    expect(new Set(world.told.overflowed)).toEqual(new Set([key]));
    expect(world.told.refused.length).toBeLessThanOrEqual(5);
    expect(order).toEqual(['featureseal/node-b', key]);
    expect(world.labels()).toEqual({ last: '1' });
    await world.stop();
  });
});

test('one annotation of an object is not what another is', async () => {
  const world = await MasterWorld.with(sealed());
  await world.put(
    changed(
      await sealed({ at: noon + 1 }),
      ({ metadata }) => (metadata.annotations[`${sealKey}x`] = 'verified=true'),
    ),
  );
  expect(world.told.refused).toEqual([]);
  expect(world.patches).toHaveLength(1);
  await world.stop();
});

test('a clock that goes an hour back and forth changes no label', async () => {
  const world = await MasterWorld.with(sealed());
  for (const step of [-hour, hour, hour, -hour]) {
    world.clock.set(world.clock.now() + step);
    await world.pass(10 * second);
    await world.giveBundles(new Map(bundlesOf(ca())));
    await world.put(seal(nodeFeature(), worker(), { at: noon }));
    await world.pass(10 * second);
  }
  expect(world.told.lapsed).toEqual([]);
  expect(world.patches).toHaveLength(1);
  await world.stop();
});
