import { describe, expect, test } from '@jest/globals';
import { FeaturesealError } from '../../../src/error.ts';
import type { ReasonCode } from '../../../src/error-codes.ts';
import type { NodeFeature } from '../../../src/feature/node-feature.ts';
import {
  changed,
  hour,
  minute,
  nodeFeature,
  noon,
  seal,
  sealKey,
  workerId,
  type Loose,
} from '../../support/sealing.ts';
import { rootCa } from '../../support/sealing.ts';
import { until } from '../../support/until.ts';
import { discovered, key, useAuthority, WorkerWorld, x509Svid } from './world.ts';

const { ca } = useAuthority();
const second = 1000;

function failure(code: ReasonCode): () => never {
  return () => {
    throw new FeaturesealError({ code, message: 'said the test' });
  };
}

/** Puts a seal of this node's worker into the store, as an earlier process would have. */
async function storeEarlier(
  world: WorkerWorld,
  at: number,
  options: Parameters<typeof x509Svid>[0] = {},
): Promise<void> {
  const svid = await x509Svid({ notBefore: new Date(noon - hour), ...options });
  world.objects.put(await seal(nodeFeature(), svid as never, { at }));
}

describe('a worker that starts', () => {
  test('publishes one object that a master accepts', async () => {
    const world = await WorkerWorld.started();
    expect(await world.verify()).toMatchObject({ node: 'node-a', iat: noon, spiffeId: workerId() });
    expect(world.stored.metadata).toMatchObject({ name: 'node-a', namespace: 'featureseal' });
    expect(world.reasons).toEqual(['started']);
    expect(world.told.writes).toBe(1);
    await world.stop();
  });

  test('seals anew whatever is stored', async () => {
    const world = new WorkerWorld(await x509Svid());
    await storeEarlier(world, noon - minute);
    await world.start();
    expect(world.told.published).toEqual([{ reason: 'started', iat: noon, at: noon }]);
    await world.stop();
  });

  test('replaces the whole object of somebody else', async () => {
    const world = new WorkerWorld(await x509Svid());
    const lie = nodeFeature({ labels: { evil: 'true' }, annotations: { note: 'mine' } });
    world.objects.put(changed(lie, ({ spec }) => (spec['extra'] = 'x')));
    await world.start();
    expect(Object.keys(world.stored.spec)).toEqual(['features', 'labels']);
    expect(world.stored.spec.labels).toEqual({});
    expect(await world.verify()).toMatchObject({ node: 'node-a' });
    await world.stop();
  });

  test('waits for its identity and signs as soon as it comes', async () => {
    const world = new WorkerWorld(undefined);
    await world.start();
    await world.pass(5 * second);
    // Again after a second, when the reason is known; then a minute apart.
    expect(world.told).toMatchObject({ writes: 0, published: [], waiting: [noon, noon + second] });
    expect(world.worker.isReady()).toBe(false);
    world.svids.give(await x509Svid());
    await world.idle();
    expect(world.told.published).toEqual([
      { reason: 'started', iat: noon + 5 * second, at: noon + 5 * second },
    ]);
    expect(world.worker.isReady()).toBe(true);
    await world.stop();
  });

  test('is not ready for what an earlier process stored', async () => {
    const world = new WorkerWorld(await x509Svid());
    await storeEarlier(world, noon - minute);
    world.beforeWrite = failure('store-unavailable');
    await world.start();
    expect(world.worker.isReady()).toBe(false);
    await world.stop();
  });
});

describe('iat', () => {
  test.each<[string, number, number]>([
    ['now, where the last seal is past', noon - minute, noon],
    ['above a seal of this very millisecond', noon, noon + 1],
    ['above a seal that is ahead by no more than a master allows', noon + minute - 1, noon + minute],
    ['now, where the last seal is from the future', noon + minute, noon],
    ['now, where it is from the far future', noon + 20 * hour, noon],
  ])('is %s', async (_, earlier, iat) => {
    const world = new WorkerWorld(await x509Svid());
    await storeEarlier(world, earlier);
    await world.start();
    expect(world.told.published).toMatchObject([{ iat }]);
    await world.stop();
  });

  test.each<[string, () => Promise<Parameters<typeof x509Svid>[0]>]>([
    ['of another node', async () => ({ spiffeId: workerId('node-b') })],
    ['of another workload', async () => ({ spiffeId: 'spiffe://example.org/vendor/demo/node-a' })],
    ['of a rogue authority', async () => ({ by: await rootCa() })],
    ['of an expired SVID', async () => ({ notAfter: new Date(noon - second) })],
  ])('learns nothing from a seal %s', async (_, options) => {
    const world = new WorkerWorld(await x509Svid());
    await storeEarlier(world, noon + minute - 1, await options());
    await world.start();
    expect(world.told.published).toMatchObject([{ iat: noon }]);
    await world.stop();
  });

  test('learns nothing from an edited seal', async () => {
    const world = new WorkerWorld(await x509Svid());
    await storeEarlier(world, noon + minute - 1);
    world.objects.put(changed(world.stored, ({ spec }) => (spec.labels = {})));
    await world.start();
    expect(world.told.published).toMatchObject([{ iat: noon }]);
    await world.stop();
  });

  test('grows though the clock goes back a little', async () => {
    const world = await WorkerWorld.started();
    world.clock.set(noon - 30 * second);
    world.discovery = discovered({ AVX512F: {} });
    world.objects.delete(key);
    await world.idle();
    await world.pass(second);
    expect(world.told.published[1]).toMatchObject({ iat: noon + 1 });
    await world.stop();
  });

  test('follows a clock that ran hours ahead and was put right, without waiting for the old time', async () => {
    const world = new WorkerWorld(await x509Svid());
    world.clock.set(noon + 20 * hour);
    await world.start();
    world.clock.set(noon + minute);
    world.clock.ring();
    await world.idle();
    await world.pass(second);
    const now = noon + minute + second;
    expect(world.told.published.at(-1)).toMatchObject({ iat: now, at: now });
    expect(await world.verify()).toMatchObject({ trust: 'verified' });
    await world.stop();
  });
});

describe('a worker that runs', () => {
  test('writes nothing while nothing changes', async () => {
    const world = await WorkerWorld.started();
    await world.pass(50 * minute);
    expect(world.told.writes).toBe(1);
    await world.stop();
  });

  test('seals anew when features change, at the next discovery', async () => {
    const world = await WorkerWorld.started();
    world.discovery = discovered({ AVX2: {}, AMX: {} });
    await world.pass(59 * second);
    expect(world.told.writes).toBe(1);
    await world.pass(second);
    expect(world.reasons).toEqual(['started', 'features-changed']);
    expect(world.stored.spec.features?.flags?.['cpu.cpuid']?.elements).toEqual({ AVX2: {}, AMX: {} });
    await world.stop();
  });

  test('discovers at once when a plugin sees its files change, and not again within a second', async () => {
    const world = await WorkerWorld.started();
    await world.pass(10 * second);
    world.discovery = discovered({ AVX2: {} }, { 'a.example/rack': 'r1' });
    world.sourceChanged();
    await until(() => world.told.published.length === 2);
    expect(world.told.published[1]).toMatchObject({ reason: 'features-changed', at: noon + 10 * second });

    world.discovery = discovered({ AVX2: {} }, { 'a.example/rack': 'r2' });
    world.sourceChanged();
    world.sourceChanged();
    await world.pass(second - 1);
    expect(world.told).toMatchObject({ writes: 2, discoveries: 2 });
    await world.pass(1);
    expect(world.told).toMatchObject({ writes: 3, discoveries: 3 });
    await world.stop();
  });

  test.each([
    [0, 57],
    [1, 63],
  ])('spreads its discoveries over a tenth of the interval (%d: after %d s)', async (random, after) => {
    const world = new WorkerWorld(await x509Svid());
    world.random = random;
    await world.start();
    await world.pass(after * second - 1);
    expect(world.told.discoveries).toBe(1);
    await world.pass(1);
    expect(world.told.discoveries).toBe(2);
    await world.stop();
  });

  test('discovers when what it found is no longer valid, and not before', async () => {
    const world = new WorkerWorld(await x509Svid());
    world.discovery = { ...discovered({ AVX2: {} }), validUntil: noon + 7 * second };
    await world.start();
    world.discovery = discovered({});
    await world.pass(7 * second - 1);
    expect(world.told).toMatchObject({ writes: 1, discoveries: 1 });
    await world.pass(1);
    expect(world.told.published[1]).toMatchObject({ reason: 'features-changed', at: noon + 7 * second });
    expect(world.stored.spec).not.toHaveProperty('validUntil');
    // What has no end is looked at when the interval is over.
    await world.pass(59 * second);
    expect(world.told.discoveries).toBe(2);
    await world.stop();
  });

  test('discovers at most once a second, whatever a plugin says of its end', async () => {
    const world = new WorkerWorld(await x509Svid());
    world.discovery = { ...discovered({ AVX2: {} }), validUntil: noon - minute };
    await world.start();
    await world.pass(3 * second);
    expect(world.told).toMatchObject({ writes: 1, discoveries: 4 });
    await world.stop();
  });

  test('publishes nothing where files changed and features did not', async () => {
    const world = await WorkerWorld.started();
    await world.pass(10 * second);
    world.sourceChanged();
    await until(() => world.told.discoveries === 2);
    await world.idle();
    expect(world.told.writes).toBe(1);
    await world.stop();
  });

  test('another order of the same features is no change', async () => {
    const world = new WorkerWorld(await x509Svid());
    world.discovery = discovered({ A: {}, B: {} }, { x: '1', y: '2' });
    await world.start();
    world.discovery = discovered({ B: {}, A: {} }, { y: '2', x: '1' });
    await world.pass(2 * minute);
    expect(world.told.writes).toBe(1);
    await world.stop();
  });

  test('seals anew before the seal gets old', async () => {
    const world = await WorkerWorld.started();
    await world.pass(57 * minute);
    expect(world.told.published).toMatchObject([
      { at: noon },
      { reason: 'seal-aged', at: noon + 57 * minute },
    ]);
    await world.stop();
  });

  test('spreads the age over a tenth: never later than the interval', async () => {
    for (const [random, at] of [
      [0, noon + 54 * minute],
      [0.999999, noon + 60 * minute],
    ] as const) {
      const world = new WorkerWorld(await x509Svid());
      world.random = random;
      await world.start();
      await world.pass(hour);
      const last = world.told.published.at(-1)?.at ?? 0;
      expect(Math.abs(last - at)).toBeLessThan(second);
      expect(last).toBeLessThanOrEqual(noon + hour);
      await world.stop();
    }
  });

  test('seals anew when the SVID rotates, spread over a tenth of its life and five minutes at most', async () => {
    for (const [life, wait] of [
      [10 * minute, 30 * second],
      [20 * hour, 150 * second],
    ] as const) {
      const world = await WorkerWorld.started();
      world.svids.give(await x509Svid({ notAfter: new Date(noon + life) }));
      await world.pass(wait - 1);
      expect(world.told.writes).toBe(1);
      await world.pass(1);
      expect(world.told.published[1]).toMatchObject({ reason: 'svid-rotated', at: noon + wait });
      await world.stop();
    }
  });

  test('the same SVID told again is no rotation', async () => {
    const svid = await x509Svid();
    const world = await WorkerWorld.started(svid);
    world.svids.give({ ...svid });
    await world.pass(10 * minute);
    expect(world.told.writes).toBe(1);
    await world.stop();
  });

  test('a rotation during a write is not lost', async () => {
    const world = new WorkerWorld(await x509Svid());
    const gate = Promise.withResolvers<undefined>();
    let isWriting = false;
    world.beforeWrite = () => {
      isWriting = true;
      return gate.promise;
    };
    const started = world.start();
    await until(() => isWriting);
    world.svids.give(await x509Svid());
    gate.resolve(undefined);
    await started;
    await world.pass(3 * minute);
    expect(world.reasons).toEqual(['started', 'svid-rotated']);
    await world.stop();
  });

  test('never signs with an expired SVID, and goes on with the next one', async () => {
    const world = await WorkerWorld.started(await x509Svid({ notAfter: new Date(noon + 10 * minute) }));
    await world.pass(10 * minute - 1);
    world.discovery = discovered({ AMX: {} });
    await world.pass(20 * minute);
    expect(world.told.writes).toBe(1);
    expect(world.told.waiting.length).toBeGreaterThan(0);
    world.svids.give(await x509Svid());
    await world.idle();
    // At once: what is overdue is not spread over minutes as a rotation is.
    expect(world.reasons).toEqual(['started', 'features-changed']);
    expect(world.told.published[1]?.iat).toBeGreaterThanOrEqual(noon + 30 * minute - 1);
    await world.stop();
  });

  test('keeps its own object of an expired SVID without calling it changed', async () => {
    const world = await WorkerWorld.started(await x509Svid({ notAfter: new Date(noon + 10 * minute) }));
    await world.pass(20 * minute);
    world.tell(world.stored);
    await world.pass(second);
    expect(world.told).toMatchObject({ changes: 0, writes: 1 });
    await world.stop();
  });

  test('stops at once, writes nothing more and listens to nobody', async () => {
    const world = await WorkerWorld.started();
    world.objects.put(nodeFeature());
    await world.stop();
    expect(world.told.writes).toBe(1);
    expect(world.svids.listeners).toBe(0);
    world.objects.delete(key);
    world.clock.advance(hour);
    await until(() => true);
    expect(world.told.writes).toBe(1);
  });

  test('does not write when it is stopped in the pause before a write', async () => {
    const world = await WorkerWorld.started();
    world.objects.put(nodeFeature());
    await world.idle();
    expect(world.clock.nextDue).toBe(noon + second);
    await world.stop();
    expect(world.told.writes).toBe(1);
  });
});

describe('an object that others touch', () => {
  test.each<[string, (world: WorkerWorld) => void]>([
    [
      'an edited label',
      (world) => world.objects.put(changed(world.stored, ({ spec }) => (spec.labels['evil'] = 'true'))),
    ],
    [
      'a stripped seal',
      (world) =>
        world.objects.put(
          changed(world.stored, ({ metadata }) => Reflect.deleteProperty(metadata.annotations, sealKey)),
        ),
    ],
    [
      'another node name',
      (world) =>
        world.objects.put(
          changed(
            world.stored,
            ({ metadata }) => (metadata.labels['nfd.node.kubernetes.io/node-name'] = 'node-b'),
          ),
        ),
    ],
    [
      'an object that is none',
      (world) => world.objects.put({ metadata: { name: 'node-a', namespace: 'featureseal' } } as NodeFeature),
    ],
    ['deletion', (world) => world.objects.delete(key)],
  ])('is restored after a second: %s', async (_, touch) => {
    const world = await WorkerWorld.started();
    touch(world);
    await world.idle();
    await world.pass(second);
    expect(world.told).toMatchObject({ changes: 1, writes: 2 });
    expect(world.told.published[1]).toMatchObject({ reason: 'object-changed', at: noon + second });
    expect(await world.verify()).toMatchObject({ labels: {} });
    await world.stop();
  });

  test('an older object of its own is replaced by a newer one', async () => {
    const world = await WorkerWorld.started();
    const first = world.stored;
    await world.pass(57 * minute);
    world.objects.put(first);
    await world.idle();
    await world.pass(second);
    expect(world.reasons).toEqual(['started', 'seal-aged', 'object-changed']);
    await world.stop();
  });

  test.each<[string, (copy: Loose) => void]>([
    ['an annotation', ({ metadata }) => (metadata.annotations['kubectl.kubernetes.io/note'] = 'x')],
    ['a label', ({ metadata }) => (metadata.labels['team.example/a'] = 'x')],
    ['ownerReferences', ({ metadata }) => (metadata['ownerReferences'] = [{ uid: 'x' }])],
    ['status', (copy) => (copy['status'] = { verified: true })],
  ])('is left alone where the seal does not cover what changed: %s', async (_, change) => {
    const world = await WorkerWorld.started();
    world.objects.put(changed(world.stored, change));
    await world.pass(10 * second);
    expect(world.told).toMatchObject({ changes: 0, writes: 1 });
    await world.stop();
  });

  test('late and repeated watch events cause no write', async () => {
    const world = await WorkerWorld.started();
    const first = world.stored;
    await world.pass(57 * minute);
    for (const event of [first, undefined, nodeFeature(), first]) {
      world.tell(event);
      await world.pass(second);
    }
    expect(world.told).toMatchObject({ changes: 0, writes: 2 });
    await world.stop();
  });

  test('a fight costs one write a second', async () => {
    const world = await WorkerWorld.started();
    for (let edit = 0; edit < 100; edit += 1) {
      world.objects.put(nodeFeature({ labels: { edit: String(edit) } }));
      await world.pass(100);
    }
    const times = world.told.published.map(({ at }) => at);
    expect(times.slice(1).every((at, index) => at - (times[index] ?? 0) >= second)).toBe(true);
    expect(times.length).toBeGreaterThan(5);
    await world.stop();
  });
});

describe('a store that fails', () => {
  test.each<ReasonCode>(['store-unavailable', 'store-conflict', 'store-refused'])(
    '%s is told, and tried again with growing pauses',
    async (code) => {
      const world = new WorkerWorld(await x509Svid());
      const tries: number[] = [];
      world.beforeWrite = () => {
        tries.push(world.clock.now() - noon);
        failure(code)();
      };
      await world.start();
      await world.pass(8 * second);
      // Pauses are random from half on: 0.75, 1.5, 3 seconds, and never less than a second after a write.
      expect(tries).toEqual([0, 1000, 2500, 5500]);
      expect(world.told.failed).toEqual([code, code, code, code]);
      world.beforeWrite = () => undefined;
      await world.pass(10 * second);
      expect(world.reasons).toEqual(['started']);
      await world.stop();
    },
  );

  test('pauses end at a minute', async () => {
    const world = new WorkerWorld(await x509Svid());
    world.beforeRead = failure('store-unavailable');
    await world.start();
    await world.pass(hour);
    const before = world.told.failed.length;
    await world.pass(10 * minute);
    // 45 seconds each: the half and half of the random half.
    expect(world.told.failed.length - before).toBeGreaterThanOrEqual(13);
    await world.stop();
  });

  test('a conflict is resolved by reading again', async () => {
    const world = new WorkerWorld(await x509Svid());
    let other = true;
    world.beforeWrite = () => {
      if (other) world.objects.put(nodeFeature());
      other = false;
    };
    await world.start();
    await world.pass(2 * second);
    expect(world.told.failed).toEqual(['store-conflict']);
    expect(await world.verify()).toMatchObject({ node: 'node-a' });
    await world.stop();
  });

  test('a read that fails after a change ends in a restored object', async () => {
    const world = await WorkerWorld.started();
    world.beforeRead = failure('store-unavailable');
    world.objects.put(nodeFeature());
    await world.idle();
    world.beforeRead = () => undefined;
    await world.pass(3 * second);
    expect(world.told.failed).toEqual(['store-unavailable']);
    expect(await world.verify()).toMatchObject({ node: 'node-a' });
    await world.stop();
  });
});

describe('a server that stores something else', () => {
  const webhook = (object: NodeFeature): NodeFeature =>
    changed(object, ({ spec }) => (spec.labels['injected'] = 'x'));

  test('is told as mutated and backed off from, from the start', async () => {
    const world = new WorkerWorld(await x509Svid());
    world.mutate = webhook;
    await world.start();
    expect(world.worker.isReady()).toBe(false);
    await world.pass(10 * minute);
    expect(new Set(world.told.failed)).toEqual(new Set(['mutated']));
    // Ten minutes with pauses up to 45 seconds, not one write a second.
    expect(world.told.writes).toBeLessThan(25);
    await world.stop();
  });

  test('is backed off from, too, when it begins later and the watch tells of each write', async () => {
    const world = await WorkerWorld.started();
    world.mutate = webhook;
    world.objects.put(nodeFeature());
    await world.idle();
    await world.pass(10 * minute);
    expect(world.told.writes).toBeLessThan(25);
    world.mutate = (object) => object;
    await world.pass(minute);
    expect(await world.verify()).toMatchObject({ labels: {} });
    await world.stop();
  });

  test.each<[string, (object: NodeFeature) => NodeFeature]>([
    [
      'an object without the seal',
      (object) => changed(object, ({ metadata }) => Reflect.deleteProperty(metadata.annotations, sealKey)),
    ],
    ['an older object', (object) => object],
    ['nothing', () => nodeFeature()],
  ])('%s is mutated as well', async (what, mutate) => {
    const world = await WorkerWorld.started();
    const first = world.stored;
    world.mutate = (object) =>
      changed(what === 'an older object' ? first : mutate(object), ({ metadata }) =>
        Object.assign(metadata, { resourceVersion: object.metadata.resourceVersion }),
      );
    world.objects.delete(key);
    world.objects.put(nodeFeature());
    await world.idle();
    await world.pass(second);
    expect(world.told.failed).toEqual(['mutated']);
    await world.stop();
  });

  test('fields that an API server adds are no mutation', async () => {
    const world = new WorkerWorld(await x509Svid());
    world.mutate = (object) =>
      changed(object, ({ metadata }) =>
        Object.assign(metadata, { generation: 1, managedFields: [{ time: null }] }),
      );
    await world.start();
    expect(world.told.failed).toEqual([]);
    expect(world.reasons).toEqual(['started']);
    await world.stop();
  });
});

describe('once', () => {
  test('discovers, signs, stores and ends', async () => {
    const svid = await x509Svid();
    const world = new WorkerWorld(svid);
    await world.worker.once(svid, new AbortController().signal);
    expect(await world.verify()).toMatchObject({ node: 'node-a' });
    expect(world.reasons).toEqual(['started']);
  });

  test('fails with the code of what is wrong', async () => {
    const world = new WorkerWorld(undefined);
    const signal = new AbortController().signal;
    const expired = await x509Svid({ notAfter: new Date(noon - second) });
    await expect(world.worker.once(expired, signal)).rejects.toMatchObject({ code: 'certificate-expired' });
    const other = await x509Svid({ by: await rootCa() });
    await expect(world.worker.once({ ...other, bundle: [ca().root] }, signal)).rejects.toMatchObject({
      code: 'certificate-signature',
    });
    expect(world.told.writes).toBe(0);
  });
});
