// How a master starts, and what its modes do, on a real API server.
import { beforeAll, expect, test } from '@jest/globals';
import { apiVersion, kind, nodeNameLabel } from '../../../src/feature/node-feature.ts';
import { carries, Installation, nodeFeaturePath, prepareCluster } from '../../cluster/installation.ts';
import { namespace } from '../../cluster/scenario.ts';
import { controlPlane, describeOnCluster } from '../../cluster/suite.ts';

const node = 'node-a';
const label = { 'feature.node.kubernetes.io/unsealed': 'true' };

describeOnCluster('a master', () => {
  const plane = controlPlane();
  let world: Installation;
  beforeAll(async () => {
    world = await Installation.create(plane());
  });

  test('does not start where the CRD is missing, and says what to do', async () => {
    const master = await world.startMaster();
    expect(await master.ends()).toBe(2);
    expect(master.lastLines()).toContain('[config-invalid] the CRD of NodeFeature is not installed');
  });

  test('in mode enforce gives nothing for an object without a seal', async () => {
    await prepareCluster(plane());
    await world.addNode(node);
    const object = {
      apiVersion,
      kind,
      metadata: { name: node, namespace, labels: { [nodeNameLabel]: node } },
      spec: { features: {}, labels: label },
    };
    await world.admin.create(nodeFeaturePath(namespace), object);
    const master = await world.startMaster('enforcing');
    expect(await master.says((line) => line['audit'] === true)).toMatchObject({ code: 'seal-missing' });
    const { metadata } = await world.fence(node);
    expect(carries(metadata.labels, label)).toBe(false);
    await master.stop();
  });

  test('in mode audit labels as told, and reports what enforce would refuse', async () => {
    const master = await world.startMaster('auditing', ['--mode', 'audit']);
    expect(await master.says((line) => line['audit'] === true)).toMatchObject({ code: 'seal-missing' });
    await world.nodeCarries(node, label);
    await master.stop();
  });

  test('in mode off labels as told, without a Workload API', async () => {
    await world.addNode('node-b');
    const metadata = { name: 'node-b', namespace, labels: { [nodeNameLabel]: 'node-b' } };
    await world.admin.create(nodeFeaturePath(namespace), {
      apiVersion,
      kind,
      metadata,
      spec: { labels: label },
    });
    await world.stopWorkloadApi();
    const master = await world.startMaster('trusting', ['--mode', 'off', '--socket', 'unix:///nowhere.sock']);
    await world.nodeCarries('node-b', label);
    expect(master.lines.filter((line) => line['audit'] === true)).toEqual([]);
  });

  test('says that NodeFeatureRules are not evaluated yet, where there are any', async () => {
    const rule = {
      apiVersion,
      kind: 'NodeFeatureRule',
      metadata: { name: 'a-rule' },
      spec: { rules: [{ name: 'any' }] },
    };
    await world.admin.create('/apis/nfd.k8s-sigs.io/v1alpha1/nodefeaturerules', rule);
    const master = await world.startMaster('ruling', ['--mode', 'off']);
    await master.says((line) => String(line['message']).includes('nodefeaturerules'));
  });
});
