// What a master does when it starts on a cluster that it has labelled before, and when a Node comes anew.
import { beforeAll, expect, test } from '@jest/globals';
import { markAnnotation } from '../../../src/seal/mark.ts';
import type { Write } from '../../cluster/audit-log.ts';
import { attacksOnTheObject, claimedLabel } from '../../cluster/attacks.ts';
import type { FeaturesealProcess } from '../../cluster/featureseal-process.ts';
import { carries, Installation, prepareCluster, rediscovers } from '../../cluster/installation.ts';
import { discovery, foundLabels, namespace, vendorNamespace } from '../../cluster/scenario.ts';
import { controlPlane, describeOnCluster } from '../../cluster/suite.ts';

const node = 'node-a';
const otherNode = 'node-b';
const minuteMs = 60_000;

describeOnCluster('a master that starts anew', () => {
  const plane = controlPlane();
  let world: Installation;
  let worker: FeaturesealProcess;
  let master: FeaturesealProcess;

  beforeAll(async () => {
    await prepareCluster(plane());
    world = await Installation.create(plane());
    await world.addNode(node);
    await world.addNode(otherNode);
    worker = await world.startWorker(node);
    master = await world.startMaster();
    await world.nodeCarries(node, foundLabels);
  });

  test('writes nothing where nothing changed, not even a patch that changes nothing', async () => {
    await world.fence(node);
    await worker.stop();
    await master.stop();
    const before = await world.admin.get(`/api/v1/nodes/${node}`);
    const writesBefore = await nodeWrites('master');

    const since = master.mark;
    await master.start();
    await master.says((line) => line['object'] === `${namespace}/${node}` && 'signer' in line, since);
    // The other Node's label comes after all that was judged before it.
    await world.fence(otherNode);
    expect((await nodeWrites('master')).slice(writesBefore.length).map(({ name }) => name)).toEqual([
      otherNode,
    ]);
    const after = await world.admin.get(`/api/v1/nodes/${node}`);
    expect(after.metadata.resourceVersion).toBe(before.metadata.resourceVersion);
    await worker.start();
  });

  test('writes nothing with --once either, and ends', async () => {
    await world.fence(node);
    await master.stop();
    const writesBefore = await nodeWrites('once');
    const once = await world.startMaster('once', ['--once']);
    expect(await once.ends()).toBe(0);
    expect(await nodeWrites('once')).toEqual(writesBefore);
    await master.start();
  });

  test('takes no label away where the object was tampered with meanwhile', async () => {
    await world.fence(node);
    await worker.stop();
    await master.stop();
    const history = world.history(node);
    const before = await world.object(node);
    const attack = attacksOnTheObject['a label added to the spec'];
    const forged = await attack!.forge(before, { world, otherNode, older: before });
    await world.put(forged);

    const since = master.mark;
    await master.start();
    const refusal = await master.says((line) => line['audit'] === true && line['node'] === node, since);
    expect(refusal).toMatchObject({ code: 'signature-invalid' });
    const fenced = await world.fence(node);
    await history.reaches(fenced.metadata.resourceVersion);
    expect(history.labels.filter((each) => !carries(each, foundLabels) || claimedLabel in each)).toEqual([]);

    // And what the worker finds meanwhile arrives as soon as it is back.
    await worker.start();
    await rediscovers(worker, { ...discovery, labels: { ...discovery.labels, later: 'yes' } });
    await world.nodeCarries(node, { ...foundLabels, 'feature.node.kubernetes.io/test-later': 'yes' });
  });

  test('labels a Node that was created anew, by what is sealed since', async () => {
    const old = await world.admin.get(`/api/v1/nodes/${node}`);
    await world.admin.delete(`/api/v1/nodes/${node}`);
    await world.addNode(node);
    await rediscovers(worker, { ...discovery, labels: { ...discovery.labels, again: 'yes' } });
    const fresh = await world.nodeCarries(node, {
      ...foundLabels,
      'feature.node.kubernetes.io/test-again': 'yes',
    });
    expect(fresh.metadata.uid).not.toBe(old.metadata.uid);
    const mark: unknown = JSON.parse(fresh.metadata.annotations?.[markAnnotation] ?? '');
    expect(mark).toMatchObject({ uid: fresh.metadata.uid });
  });

  test('refuses for a Node what was sealed before it was created', async () => {
    await world.addNode('node-new');
    const labels = { 'vendor.example/of-an-earlier-node': 'true' };
    const since = master.mark;
    await world.put(await world.vendorObject('node-new', labels, 2 * minuteMs));
    const refusal = await master.says((line) => line['object'] === `${vendorNamespace}/node-new`, since);
    expect(refusal).toMatchObject({ audit: true, code: 'before-node' });
    const fenced = await world.fence('node-new');
    expect(carries(fenced.metadata.labels, labels)).toBe(false);
  });

  async function nodeWrites(user: string): Promise<readonly Write[]> {
    return (await plane().writes()).filter((write) => write.user === user && write.resource === 'nodes');
  }
});
