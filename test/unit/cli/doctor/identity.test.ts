import { describe, expect, test } from '@jest/globals';
import { policyText } from '../../../support/sealing.ts';
import { installMaster } from '../fake-cluster.ts';
import { useInstalled } from './installed.ts';
import { csiDriversPath, daemonSetsPath, putDriver, putPods } from './objects.ts';

const { checked, cluster, found, identity } = useInstalled();

describe('featureseal doctor tells of the CSI driver', () => {
  test('that it is missing while the worker asks for it', async () => {
    cluster().server.objects.delete(csiDriversPath, { name: 'csi.spiffe.io' });
    expect(await found('csi-driver')).toMatchObject({ status: 'failed' });
  });

  test.each([
    [{ 'featureseal.io/identity': 'development' }, 'the development identity serves it: not for production'],
    [{}, "it is not this project's: SPIFFE's own"],
  ])('whose it is: labels %j', async (labels, message) => {
    putDriver(cluster(), labels);
    expect(await found('csi-driver')).toMatchObject({ status: 'ok', message });
  });

  test('that kubelet will not tell it of pods', async () => {
    putDriver(cluster(), {}, { podInfoOnMount: false });
    expect(await found('csi-driver')).toMatchObject({ status: 'failed' });
  });

  test.each([
    ['ghcr.io/spiffe/spiffe-csi-driver:0.2.7', 'warning'],
    ['ghcr.io/spiffe/spiffe-csi-driver:0.2.11@sha256:0123', 'warning'],
    ['spiffe-csi-driver:0.2.12', 'ok'],
    ['registry:5000/x/spiffe-csi-driver:v0.3.0', 'ok'],
    ['spiffe-csi-driver:1.0.0', 'ok'],
    ['spiffe-csi-driver@sha256:0123', 'not checked'],
    ['spiffe-csi-driver:latest', 'not checked'],
    ['my-spiffe-csi-driver:0.1.0', 'not checked'],
  ])('its version, by the image %s: %s', async (image, status) => {
    putPods(cluster(), daemonSetsPath, 'spiffe-csi', { image });
    expect(await found('csi-driver-version')).toMatchObject({ status });
  });
});

describe('featureseal doctor tells of the Workload API', () => {
  test('that none is given', async () => {
    const results = await checked({}, []);
    expect(['workload-api', 'identity', 'bundle'].map((name) => results.get(name)?.status)).toEqual(
      Array.from({ length: 3 }, () => 'not checked'),
    );
  });

  test('that nobody listens', async () => {
    const results = await checked({}, ['--socket', 'unix:///nowhere.sock']);
    expect(results.get('workload-api')).toMatchObject({
      status: 'failed',
      message: expect.stringContaining('[workload-api-unavailable]'),
    });
    expect(results.get('bundle')?.status).toBe('not checked');
  });

  test.each([
    ['in a pod of the worker of that node', 'node-a', 'ok'],
    ['in a pod of the worker of another node', 'node-b', 'failed'],
    ['elsewhere', '', 'ok'],
  ])('whether the identity may sign: %s', async (_, NODE_NAME, status) => {
    expect(await found('identity', { env: { NODE_NAME } })).toMatchObject({ status });
  });

  test('that the identity is of no signer', async () => {
    const { address } = await identity().serve('spiffe://example.org/somebody');
    expect((await checked({}, ['--socket', address])).get('identity')).toMatchObject({
      status: 'warning',
      message:
        'spiffe://example.org/somebody fits no signer of the policy: spiffe://example.org/featureseal/worker/{cluster}/{node}, spiffe://example.org/vendor/{cluster}/{node}',
    });
  });

  test('that there is no bundle for a trust domain of the policy', async () => {
    installMaster(cluster(), {
      policy: policyText.replace('spiffe://example.org/vendor', 'spiffe://vendor.test/v'),
    });
    expect(await found('bundle')).toMatchObject({
      status: 'failed',
      message: '[bundle-missing] there is no bundle for trust domain vendor.test',
    });
  });
});
