import { describe, expect, test } from '@jest/globals';
import { changed, hour, minute, nodeFeature, noon, rootCa, workerId } from '../../support/sealing.ts';
import { until } from '../../support/until.ts';
import { useWorker } from './use-worker.ts';
import { failure, key, second } from './world.ts';

const { ca, started, storeEarlier, withSvid, withoutSvid, x509Svid } = useWorker();

describe('a worker that starts', () => {
  test('publishes one object that a master accepts', async () => {
    const world = await started();
    expect(await world.verify()).toMatchObject({ node: 'node-a', iat: noon, spiffeId: workerId() });
    expect(world.stored.metadata).toMatchObject({ name: 'node-a', namespace: 'featureseal' });
    expect(world.reasons).toEqual(['started']);
    expect(world.told.writes).toBe(1);
  });

  test('seals anew whatever is stored', async () => {
    const world = await withSvid();
    await storeEarlier(world, noon - minute);
    await world.start();
    expect(world.told.published).toEqual([{ reason: 'started', iat: noon, at: noon }]);
  });

  test('replaces the whole object of somebody else', async () => {
    const world = await withSvid();
    const lie = nodeFeature({ labels: { evil: 'true' }, annotations: { note: 'mine' } });
    world.objects.put(changed(lie, ({ spec }) => (spec['extra'] = 'x')));
    await world.start();
    expect(Object.keys(world.stored.spec)).toEqual(['features', 'labels']);
    expect(world.stored.spec.labels).toEqual({});
    expect(await world.verify()).toMatchObject({ node: 'node-a' });
  });

  test('waits for its identity and signs as soon as it comes', async () => {
    const world = withoutSvid();
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
  });

  test('is not ready for what an earlier process stored', async () => {
    const world = await withSvid();
    await storeEarlier(world, noon - minute);
    world.beforeWrite = failure('store-unavailable');
    await world.start();
    expect(world.worker.isReady()).toBe(false);
  });
});

describe('a worker that stops', () => {
  test('stops at once, writes nothing more and listens to nobody', async () => {
    const world = await started();
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
    const world = await started();
    world.objects.put(nodeFeature());
    await world.idle();
    expect(world.clock.nextDue).toBe(noon + second);
    await world.stop();
    expect(world.told.writes).toBe(1);
  });
});

describe('once', () => {
  test('discovers, signs, stores and ends', async () => {
    const svid = await x509Svid();
    const world = await withSvid(svid);
    await world.worker.once(svid, new AbortController().signal);
    expect(await world.verify()).toMatchObject({ node: 'node-a' });
    expect(world.reasons).toEqual(['started']);
  });

  test('fails with the code of what is wrong', async () => {
    const world = withoutSvid();
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
