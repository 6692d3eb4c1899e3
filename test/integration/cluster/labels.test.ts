// From a worker's plugin to the labels of its Node, as processes over a real API server.
import { beforeAll, describe, expect, test } from '@jest/globals';
import { keyTypes } from '../../../src/identity/key-type.ts';
import { nodeNameLabel } from '../../../src/feature/node-feature.ts';
import { sealAnnotation } from '../../../src/seal/header.ts';
import { Installation, prepareCluster, rediscovers } from '../../cluster/installation.ts';
import { discovery, foundLabels, policy } from '../../cluster/scenario.ts';
import { controlPlane, describeOnCluster } from '../../cluster/suite.ts';
import { verifyNodeFeature, parsePolicy } from '../../../src/index.ts';

const algorithms = { 'ec-p256': 'ES256', 'ec-p384': 'ES384', 'rsa-2048': 'PS256' } as const;

describeOnCluster('a worker and a master on a real API server', () => {
  const plane = controlPlane();
  beforeAll(() => prepareCluster(plane()));

  describe.each(keyTypes)('with an SVID of a key %s', (keyType) => {
    const node = `node-${keyType}`;

    test('publish a sealed object; its labels follow, and change with what the worker finds', async () => {
      const world = await Installation.create(plane(), { keyType });
      await world.addNode(node);
      const worker = await world.startWorker(node);
      const master = await world.startMaster();
      await world.nodeCarries(node, foundLabels);

      const object = await world.object(node);
      expect(object.metadata.labels).toEqual({ [nodeNameLabel]: node });
      expect(headerOf(object.metadata.annotations?.[sealAnnotation])).toMatchObject({
        alg: algorithms[keyType],
      });
      const options = { bundles: world.identity.bundles(), policy: parsePolicy(policy), now: new Date() };
      await expect(verifyNodeFeature(object, options)).resolves.toMatchObject({ node });

      await rediscovers(worker, { ...discovery, labels: { gpu: 'absent' } });
      const changed = await world.nodeCarries(node, { 'feature.node.kubernetes.io/test-gpu': 'absent' });
      expect(changed.metadata.labels).not.toHaveProperty(['example.com/speed']);

      expect(await master.stop()).toBe(0);
      expect(await worker.stop()).toBe(0);
    });
  });

  test('seal anew with every new SVID, without a write to the Node', async () => {
    const world = await Installation.create(plane(), { svidTtlMs: 10_000 });
    await world.addNode('node-rotating');
    const worker = await world.startWorker('node-rotating');
    await world.startMaster();
    const { metadata } = await world.nodeCarries('node-rotating', foundLabels);
    const since = worker.mark;
    await worker.says((line) => line['reason'] === 'svid-rotated', since);
    await worker.says((line) => line['reason'] === 'svid-rotated', worker.mark);
    // The other Node's label comes after all that was judged before it.
    await world.addNode('node-other');
    await world.fence('node-other');
    const later = await world.admin.get('/api/v1/nodes/node-rotating');
    expect(later.metadata.resourceVersion).toBe(metadata.resourceVersion);
  });
});

function headerOf(seal = ''): unknown {
  const [header = ''] = seal.split('.');
  return JSON.parse(Buffer.from(header, 'base64url').toString());
}
