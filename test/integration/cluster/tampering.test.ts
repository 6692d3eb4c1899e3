// Whoever may write NodeFeatures, but holds no SVID of the node, changes nothing on it.
import { beforeAll, expect, test } from '@jest/globals';
import type { NodeFeature } from '../../../src/feature/node-feature.ts';
import { attacksElsewhere, attacksOnTheObject, claimedLabel, type Attack } from '../../cluster/attacks.ts';
import type { FeaturesealProcess } from '../../cluster/featureseal-process.ts';
import {
  carries,
  Installation,
  nodeFeaturePath,
  prepareCluster,
  rediscovers,
  type StoredNodeFeature,
} from '../../cluster/installation.ts';
import type { NodeHistory } from '../../cluster/node-history.ts';
import { discovery, foundLabels, namespace } from '../../cluster/scenario.ts';
import { controlPlane, describeOnCluster } from '../../cluster/suite.ts';

const node = 'node-a';
const otherNode = 'node-b';
const labelKey = 'feature.node.kubernetes.io/test-speed';

describeOnCluster('somebody who may write every NodeFeature', () => {
  const plane = controlPlane();
  let world: Installation;
  let master: FeaturesealProcess;
  let worker: FeaturesealProcess;
  let older: StoredNodeFeature;
  let histories: readonly NodeHistory[] = [];

  beforeAll(async () => {
    await prepareCluster(plane());
    world = await Installation.create(plane());
    await world.addNode(node);
    await world.addNode(otherNode);
    worker = await world.startWorker(node);
    master = await world.startMaster();
    await world.nodeCarries(node, foundLabels);
    older = await world.object(node);
    // From here on the node has more to lose, and an older object is worth replaying.
    await rediscovers(worker, { ...discovery, labels: { ...discovery.labels, speed: 'fast' } });
    await world.nodeCarries(node, { ...foundLabels, [labelKey]: 'fast' });
    histories = [node, otherNode].map((name) => world.history(name));
  });

  test.each(Object.entries(attacksOnTheObject))(
    'gains nothing by %s; the worker puts it right',
    async (_, attack) => {
      const before = await world.object(node);
      const forged = await commit(attack, before);
      const restored = await world.objectIs(
        node,
        (object) => object.metadata.resourceVersion !== forged && isSame(object, before),
      );
      await nothingReachedTheNodes();
      expect(restored.metadata.annotations).not.toEqual(before.metadata.annotations);
    },
  );

  test.each(Object.entries(attacksElsewhere))('gains nothing by %s', async (_, attack) => {
    const { namespace: inNamespace, name } = await committed(attack, await world.object(node));
    await nothingReachedTheNodes();
    await world.admin.delete(nodeFeaturePath(inNamespace, name));
  });

  test('gains nothing by deleting the object and creating an older one; the worker puts it right', async () => {
    const before = await world.object(node);
    // Without its worker first: it would be the faster one.
    await worker.stop();
    await world.admin.delete(nodeFeaturePath(namespace, node));
    await committed({ expected: 'replayed', forge: () => older }, before);
    await nothingReachedTheNodes();
    await worker.start();
    await world.objectIs(node, (object) => isSame(object, before));
    await nothingReachedTheNodes();
  });

  test('is reported: a metric by code, an Event on the object, no text of the attacker in a metric', async () => {
    const { text } = await master.health('/metrics');
    expect(text).toMatch(/featureseal_master_objects_refused_total\{code="signature-invalid"\} [1-9]/);
    expect(text).not.toContain(node);
    const events = await world.admin.list(`/apis/events.k8s.io/v1/namespaces/${namespace}/events`);
    const refusals = events.filter((event) => event['reason'] === 'NodeFeatureRefused');
    expect(refusals).not.toHaveLength(0);
    expect(refusals[0]).toMatchObject({
      type: 'Warning',
      regarding: { kind: 'NodeFeature', namespace, name: node },
    });
  });

  async function commit(attack: Attack, before: StoredNodeFeature): Promise<string> {
    return (await committed(attack, before)).resourceVersion;
  }

  /** Writes the forged object and waits for its refusal. */
  async function committed(
    { expected, forge }: Attack,
    before: StoredNodeFeature,
  ): Promise<{ readonly namespace: string; readonly name: string; readonly resourceVersion: string }> {
    const forged = await forge(before, { world, otherNode, older });
    const { namespace: inNamespace, name } = forged.metadata;
    const since = master.mark;
    const { resourceVersion } = (await world.put(forged)).metadata;
    const refusal = await master.says(
      (line) => line['audit'] === true && line['object'] === `${inNamespace}/${name}`,
      since,
    );
    expect(refusal).toMatchObject({ code: expected, node: name });
    return { namespace: inNamespace, name, resourceVersion };
  }

  /** Of no version of any Node since the beginning. */
  async function nothingReachedTheNodes(): Promise<void> {
    for (const [index, name] of [node, otherNode].entries()) {
      const fenced = await world.fence(name);
      await histories[index]?.reaches(fenced.metadata.resourceVersion);
    }
    const [labels = [], otherLabels = []] = histories.map((history) => history.labels);
    expect(labels.filter((each) => claimedLabel in each)).toEqual([]);
    expect(labels.filter((each) => !carries(each, { ...foundLabels, [labelKey]: 'fast' }))).toEqual([]);
    expect(
      otherLabels.filter((each) => Object.keys(each).some((key) => !key.startsWith('vendor.example/'))),
    ).toEqual([]);
  }
});

function isSame(object: NodeFeature, before: NodeFeature): boolean {
  return JSON.stringify(object.spec) === JSON.stringify(before.spec);
}
