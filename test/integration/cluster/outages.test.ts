// What worker and master depend on goes away and comes back: nothing is lost, nothing needs a restart.
import { beforeAll, expect, test } from '@jest/globals';
import type { FeaturesealProcess } from '../../cluster/featureseal-process.ts';
import { carries, Installation, prepareCluster, rediscovers } from '../../cluster/installation.ts';
import { discovery, foundLabels } from '../../cluster/scenario.ts';
import { controlPlane, describeOnCluster } from '../../cluster/suite.ts';

const node = 'node-a';
const labelPrefix = 'feature.node.kubernetes.io/test-';

describeOnCluster('a worker and a master', () => {
  const plane = controlPlane();
  let world: Installation;
  let worker: FeaturesealProcess;
  let master: FeaturesealProcess;

  beforeAll(async () => {
    await prepareCluster(plane());
    world = await Installation.create(plane());
    await world.addNode(node);
    worker = await world.startWorker(node);
    master = await world.startMaster();
    await world.nodeCarries(node, foundLabels);
  });

  test('go on when the API server was away, and lose nothing', async () => {
    await plane().stopApiServer();
    const since = worker.mark;
    await rediscovers(worker, { ...discovery, labels: { ...discovery.labels, outage: 'over' } });
    await worker.says((line) => line['code'] === 'store-unavailable', since);
    await plane().startApiServer();
    const history = world.history(node);
    const labelled = await world.nodeCarries(node, {
      ...foundLabels,
      'feature.node.kubernetes.io/test-outage': 'over',
    });
    await history.reaches(labelled.metadata.resourceVersion);
    await history.close();
    expect(history.labels.filter((each) => !carries(each, foundLabels))).toEqual([]);
  });

  test('start while the API server is away, and wait for it', async () => {
    await worker.stop();
    await master.stop();
    await plane().stopApiServer();
    const since = master.mark;
    await worker.start();
    await master.start();
    await master.says((line) => String(line['reason']).includes('store-unavailable'), since);
    await plane().startApiServer();
    await rediscovers(worker, { ...discovery, labels: { ...discovery.labels, late: 'yes' } });
    await world.nodeCarries(node, { ...foundLabels, 'feature.node.kubernetes.io/test-late': 'yes' });
  });

  test('go on when the Workload API was away; meanwhile the master is not ready and changes nothing', async () => {
    await master.isReady(true);
    const before = await world.admin.get(`/api/v1/nodes/${node}`);
    await world.stopWorkloadApi();
    await master.isReady(false);
    await rediscovers(worker, { ...discovery, labels: { ...discovery.labels, unseen: 'yes' } });
    // Its SVID is still valid, so the worker seals; nobody believes it yet.
    await world.objectIs(node, ({ spec }) => spec.labels?.[`${labelPrefix}unseen`] === 'yes');
    const after = await world.admin.get(`/api/v1/nodes/${node}`);
    expect(after.metadata.resourceVersion).toBe(before.metadata.resourceVersion);

    await world.startWorkloadApi();
    await world.nodeCarries(node, { ...foundLabels, [`${labelPrefix}unseen`]: 'yes' });
    await master.isReady(true);
  });

  test('are live and ready', async () => {
    for (const each of [worker, master]) {
      expect(await each.health('/livez')).toMatchObject({ status: 200 });
      expect(await each.health('/readyz')).toMatchObject({ status: 200 });
    }
  });
});
