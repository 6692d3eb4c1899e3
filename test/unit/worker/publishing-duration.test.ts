import { expect, test } from '@jest/globals';
import { useWorker } from './use-worker.ts';
import { failure, second } from './world.ts';

const { withSvid } = useWorker();

test('each attempt to publish is timed, by what came of it', async () => {
  const world = await withSvid();
  world.beforeWrite = () => {
    world.beforeWrite = () => undefined;
    failure('store-unavailable')();
  };
  await world.start();
  expect(world.told.outcomes).toEqual(['failed']);
  await world.pass(2 * second);
  expect(world.told.outcomes).toEqual(['failed', 'stored']);
});
