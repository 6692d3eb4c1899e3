import { describe, expect, test } from '@jest/globals';
import { policyText } from '../../../support/sealing.ts';
import { installMaster } from '../fake-cluster.ts';
import { useInstalled } from './installed.ts';
import { daemonSetsPath, deploymentsPath, putLease, putWorker } from './objects.ts';

const { checked, found, run, socket, cluster } = useInstalled();

describe('featureseal doctor', () => {
  test('finds nothing wrong where nothing is, and exits 0', async () => {
    const results = await checked();
    expect([...results.values()].filter(({ status }) => status !== 'ok')).toEqual([
      {
        name: 'csi-driver-version',
        status: 'not checked',
        message: 'no DaemonSet has an image named spiffe-csi-driver',
      },
    ]);
    expect([...results].map(([name]) => name)).toEqual([
      'api-server',
      'clock',
      'crds',
      'seal-survives',
      'rbac-worker',
      'rbac-master',
      'csi-driver',
      'csi-driver-version',
      'workload-api',
      'policy',
      'cluster-name',
      'identity',
      'bundle',
      'worker',
      'master',
      'lease',
      'foreign-master',
      'nodes',
      'node-features',
    ]);
  });

  test('the table says status, check, what was found and what to do, and exits 1 where a check failed', async () => {
    putWorker(cluster(), {
      status: { desiredNumberScheduled: 2, numberReady: 0, updatedNumberScheduled: 2 },
    });
    const { status, out } = await run(['--socket', socket()]);
    expect(status).toBe(1);
    expect(out).toMatch(/^STATUS {7}CHECK {15}FOUND\n/);
    expect(out).toMatch(/^ok +api-server +Kubernetes v1\.36\.3$/m);
    expect(out).toMatch(
      /^failed +worker +DaemonSet featureseal\/featureseal-worker: 0 of 2 pods ready\n +-> kubectl/m,
    );
    expect(out).toMatch(/^17 ok, 0 warnings, 1 failed, 1 not checked$/m);
  });

  test.each([
    ['a kubeconfig that is not there', ['--kubeconfig', '/nowhere'], '[config-invalid]'],
    ['an address that is none', ['--socket', 'nowhere'], '[socket-invalid]'],
    ['an argument', ['everything'], '[usage] too many arguments'],
  ])('%s is wrong use', async (_, args, message) => {
    const { status, out, err } = await run(args);
    expect({ status, out }).toEqual({ status: 2, out: '' });
    expect(err).toContain(message);
  });
});

describe('featureseal doctor tells of policy and processes', () => {
  test('that the policy is wrong, with every fault', async () => {
    installMaster(cluster(), { policy: 'cluster: demo\nsigners: []\nmodes: x\n' });
    expect(await found('policy')).toMatchObject({
      status: 'failed',
      message: expect.stringContaining('[policy-invalid] policy:'),
    });
  });

  test('that it is not enforced', async () => {
    installMaster(cluster(), { policy: policyText, args: ['--mode', 'audit'] });
    expect(await found('policy')).toMatchObject({
      status: 'warning',
      message: expect.stringContaining('mode audit'),
    });
  });

  test('that worker and policy name different clusters', async () => {
    putWorker(cluster(), { config: 'cluster: other' });
    expect(await found('cluster-name')).toMatchObject({
      status: 'failed',
      message: expect.stringContaining('for cluster other, the policy is for demo'),
    });
  });

  test('that nothing is installed', async () => {
    const { server } = cluster();
    server.objects.delete(daemonSetsPath, { name: 'featureseal-worker', namespace: 'featureseal' });
    server.objects.delete(deploymentsPath, { name: 'featureseal-master', namespace: 'featureseal' });
    const results = await checked();
    const of = (...names: string[]) => names.map((name) => results.get(name)?.status);
    expect(of('worker', 'master')).toEqual(['failed', 'failed']);
    expect(of('rbac-worker', 'rbac-master', 'policy', 'cluster-name')).toEqual(
      Array.from({ length: 4 }, () => 'not checked'),
    );
    // Where one writes without a Deployment, by hand, the Lease still tells.
    expect(of('lease')).toEqual(['ok']);
    putLease(cluster(), ['featureseal', 'featureseal-master'], new Date(), '');
    expect(await found('lease')).toMatchObject({ status: 'not checked', message: 'no master is installed' });
  });

  test.each([
    [
      'nobody holds it',
      () => putLease(cluster(), ['featureseal', 'featureseal-master'], new Date(), ''),
      'nobody holds',
    ],
    [
      'nobody renews it',
      () => putLease(cluster(), ['featureseal', 'featureseal-master'], new Date(Date.now() - 600_000)),
      'master-1 holds the Lease no more',
    ],
  ])('of the Lease, that %s', async (_, put, message) => {
    put();
    expect(await found('lease')).toMatchObject({
      status: 'failed',
      message: expect.stringContaining(message),
    });
  });
});
