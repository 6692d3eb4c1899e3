// From a worker's plugin to the labels of its Node, as processes over a real API server.
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Installation, prepareCluster } from '../../cluster/installation.ts';
import { foundLabels } from '../../cluster/scenario.ts';
import { controlPlane, describeOnCluster } from '../../cluster/suite.ts';

describeOnCluster('a worker and a master on a real API server', () => {
  const plane = controlPlane();
  let world: Installation;

  beforeAll(async () => {
    await prepareCluster(plane());
    world = await Installation.create(plane());
  });
  afterAll(() => world.close());

  test('a sealed object appears, and its labels on the Node', async () => {
    await world.addNode('node-a');
    const worker = await world.startWorker('node-a');
    const master = await world.startMaster();
    const node = await world.nodeCarries('node-a', foundLabels);
    console.log(JSON.stringify(node.metadata, undefined, 2), master.lines, worker.lines);
    expect(await world.fence('node-a')).toBeDefined();
  });
});
