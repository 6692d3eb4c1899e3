import { describe, expect, test } from '@jest/globals';
import type { NodeFeature } from '../../../src/feature/node-feature.ts';
import { changed, minute, nodeFeature, noon, sealKey, type Loose } from '../../support/sealing.ts';
import { useWorker } from './use-worker.ts';
import { key, second, type WorkerWorld } from './world.ts';

const { started } = useWorker();

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
    const world = await started();
    touch(world);
    await world.idle();
    await world.pass(second);
    expect(world.told).toMatchObject({ changes: 1, writes: 2 });
    expect(world.told.published[1]).toMatchObject({ reason: 'object-changed', at: noon + second });
    expect(await world.verify()).toMatchObject({ labels: {} });
  });

  test('an older object of its own is replaced by a newer one', async () => {
    const world = await started();
    const first = world.stored;
    await world.pass(57 * minute);
    world.objects.put(first);
    await world.idle();
    await world.pass(second);
    expect(world.reasons).toEqual(['started', 'seal-aged', 'object-changed']);
  });

  test.each<[string, (copy: Loose) => void]>([
    ['an annotation', ({ metadata }) => (metadata.annotations['kubectl.kubernetes.io/note'] = 'x')],
    ['a label', ({ metadata }) => (metadata.labels['team.example/a'] = 'x')],
    ['ownerReferences', ({ metadata }) => (metadata['ownerReferences'] = [{ uid: 'x' }])],
    ['status', (copy) => (copy['status'] = { verified: true })],
  ])('is left alone where the seal does not cover what changed: %s', async (_, change) => {
    const world = await started();
    world.objects.put(changed(world.stored, change));
    await world.pass(10 * second);
    expect(world.told).toMatchObject({ changes: 0, writes: 1 });
  });

  test('late and repeated watch events cause no write', async () => {
    const world = await started();
    const first = world.stored;
    await world.pass(57 * minute);
    for (const event of [first, undefined, nodeFeature(), first]) {
      world.tell(event);
      await world.pass(second);
    }
    expect(world.told).toMatchObject({ changes: 0, writes: 2 });
  });

  test('a fight costs one write a second', async () => {
    const world = await started();
    for (let edit = 0; edit < 100; edit += 1) {
      world.objects.put(nodeFeature({ labels: { edit: String(edit) } }));
      await world.pass(100);
    }
    const times = world.told.published.map(({ at }) => at);
    expect(times.slice(1).every((at, index) => at - (times[index] ?? 0) >= second)).toBe(true);
    expect(times.length).toBeGreaterThan(5);
  });
});
