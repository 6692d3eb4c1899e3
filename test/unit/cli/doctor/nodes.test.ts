import { describe, expect, test } from '@jest/globals';
import { nodeFeature, policyText } from '../../../support/sealing.ts';
import { eventsPath, installMaster, nodeFeaturesPath, nodesPath } from '../fake-cluster.ts';
import { useInstalled } from './installed.ts';
import { daemonSetsPath, deploymentsPath, putLease, putPods } from './objects.ts';

const { checked, cluster, found } = useInstalled();

describe('featureseal doctor tells of NFD', () => {
  test('that an nfd-master is deployed, and how to stop it', async () => {
    putPods(cluster(), deploymentsPath, 'nfd-master', { command: ['nfd-master'] });
    expect(await found('foreign-master')).toMatchObject({
      status: 'failed',
      message: 'an nfd-master is at work, and ignores seals: Deployment nfd/nfd-master',
      advice: expect.stringContaining('kubectl -n nfd scale deployment nfd-master --replicas=0'),
    });
  });

  test('nothing of one that is scaled to nothing', async () => {
    putPods(cluster(), deploymentsPath, 'nfd-master', { command: ['nfd-master'], replicas: 0 });
    expect(await found('foreign-master')).toMatchObject({ status: 'ok' });
  });

  test('that somebody renews its Lease', async () => {
    putLease(cluster(), ['nfd', 'nfd-master.nfd.kubernetes.io'], new Date());
    expect(await found('foreign-master')).toMatchObject({
      status: 'failed',
      message: expect.stringContaining('master-1 holds the Lease nfd/nfd-master.nfd.kubernetes.io'),
    });
  });

  test('that it wrote labels of a Node that Featureseal has marked', async () => {
    const tracking = 'nfd.node.kubernetes.io/feature-labels';
    const fieldsV1 = { 'f:metadata': { 'f:annotations': { [`f:${tracking}`]: {} } } };
    cluster().put(nodesPath, {
      metadata: {
        name: 'node-a',
        annotations: { 'featureseal.io/accepted': '{}', [tracking]: 'x' },
        managedFields: [{ manager: 'nfd-master', fieldsV1 }],
      } as never,
    });
    expect(await found('foreign-master')).toMatchObject({
      status: 'failed',
      message: expect.stringContaining('it wrote labels of node-a after Featureseal'),
    });
  });

  test('that an nfd-worker runs', async () => {
    putPods(cluster(), daemonSetsPath, 'nfd-worker', { command: ['/usr/bin/nfd-worker'] });
    expect(await found('foreign-master')).toMatchObject({
      status: 'warning',
      message: 'nfd-worker runs (nfd/nfd-worker): its NodeFeatures have no seal and are refused',
    });
  });

  test.each(['audit', 'off'])('that its NodeFeatures count in mode %s', async (mode) => {
    installMaster(cluster(), { policy: policyText, args: ['--mode', mode] });
    putPods(cluster(), daemonSetsPath, 'nfd-worker', { command: ['nfd-worker'] });
    expect(await found('foreign-master')).toMatchObject({
      status: 'warning',
      message: expect.stringContaining(`have no seal and count in mode ${mode} alone`),
    });
  });
});

describe('featureseal doctor tells of Nodes and NodeFeatures', () => {
  test('which Nodes have no object; those of Windows need none', async () => {
    cluster().put(nodesPath, { metadata: { name: 'node-b' } });
    cluster().put(nodesPath, { metadata: { name: 'node-w', labels: { 'kubernetes.io/os': 'windows' } } });
    expect(await found('nodes')).toMatchObject({
      status: 'warning',
      message: '1 of 2 Nodes have no NodeFeature in featureseal: node-b',
    });
  });

  test.each([
    ['featureseal', 'failed', 'featureseal/node-a (seal-missing)', '1 of 1'],
    ['elsewhere', 'warning', 'elsewhere/node-a (namespace-not-in-policy)', '1 of 2'],
  ])('which objects are refused: in namespace %s, %s', async (namespace, status, shown, of) => {
    cluster().put(nodeFeaturesPath, nodeFeature({ namespace }) as never);
    expect(await found('node-features')).toEqual({
      name: 'node-features',
      status,
      message: `${of} NodeFeatures are refused: ${shown}`,
      advice: 'featureseal explain NODE says why',
    });
  });

  test('which Nodes have no object, where the worker may not be looked up', async () => {
    cluster().server.failNext(/GET .*daemonsets/, { status: 403 });
    const results = await checked();
    expect(results.get('worker')).toMatchObject({ status: 'not checked' });
    expect(results.get('nodes')).toMatchObject({ status: 'ok' });
  });

  /** As a master tells of a NodeFeature of this name. */
  function putRefusal(name: string): void {
    cluster().put(eventsPath, {
      metadata: { name: 'e', namespace: 'featureseal' },
      reason: 'NodeFeatureRefused',
      involvedObject: { kind: 'NodeFeature', namespace: 'featureseal', name },
      reportingComponent: 'featureseal.io/master',
    });
  }

  test('without a bundle, nothing of what was refused and is gone', async () => {
    putRefusal('node-gone');
    expect((await checked({}, [])).get('node-features')).toMatchObject({ status: 'not checked' });
  });

  test('without a bundle, what masters told by Events', async () => {
    putRefusal('node-a');
    expect((await checked({}, [])).get('node-features')).toMatchObject({
      status: 'warning',
      message: 'masters refused within the last hour: NodeFeature featureseal/node-a',
    });
  });
});
