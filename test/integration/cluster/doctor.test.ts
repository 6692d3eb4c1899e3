// featureseal doctor on a real API server: roles, definitions and what the server does to objects are asked for real.
import { beforeAll, expect, test } from '@jest/globals';
import type { Checked } from '../../../src/cli/doctor/check.ts';
import { runCommand } from '../../cluster/command.ts';
import { installCrds } from '../../cluster/crds.ts';
import { Installation } from '../../cluster/installation.ts';
import { cluster, foundLabels, namespace, policy, workerId } from '../../cluster/scenario.ts';
import { createBase } from '../../cluster/shipped-base.ts';
import { controlPlane, describeOnCluster } from '../../cluster/suite.ts';

const node = 'node-a';
const crd = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions/nodefeatures.nfd.k8s-sigs.io';

describeOnCluster('featureseal doctor', () => {
  const plane = controlPlane();
  let world: Installation;
  let socket: string;
  beforeAll(async () => {
    world = await Installation.create(plane());
    socket = (await world.identity.serve(workerId(node), 'doctor')).address;
  });

  test('says of an empty cluster what is missing', async () => {
    const found = await checked();
    expect(statusOf(found, 'api-server', 'clock', 'workload-api', 'foreign-master')).toEqual([
      'ok',
      'ok',
      'ok',
      'ok',
    ]);
    expect(statusOf(found, 'crds', 'csi-driver', 'worker', 'master')).toEqual([
      'failed',
      'failed',
      'failed',
      'failed',
    ]);
    expect(statusOf(found, 'seal-survives', 'rbac-worker', 'policy')).toEqual(
      Array.from({ length: 3 }, () => 'not checked'),
    );
  });

  test('finds what deploy/base installs good: definitions, roles, policy; a seal survives', async () => {
    const { admin } = plane();
    await installCrds(admin);
    for (const name of [namespace, 'vendor', 'nfd'])
      await admin.create('/api/v1/namespaces', { metadata: { name } });
    await createBase(admin, { namespace, cluster, policy: JSON.stringify(policy), withRights: true });
    const found = await checked();
    expect(
      statusOf(
        found,
        'crds',
        'seal-survives',
        'rbac-worker',
        'rbac-master',
        'policy',
        'cluster-name',
        'identity',
        'bundle',
      ),
    ).toEqual(Array.from({ length: 8 }, () => 'ok'));
    expect(found.get('seal-survives')?.message).toContain('(dry run)');
    expect(await admin.list(`/apis/nfd.k8s-sigs.io/v1alpha1/nodefeatures`)).toEqual([]);
  });

  test('follows worker and master at work: objects verify, and one that is refused is named', async () => {
    const { admin } = plane();
    for (const part of ['worker', 'master']) {
      const path = `/apis/rbac.authorization.k8s.io/v1`;
      const of =
        part === 'worker' ? `${path}/namespaces/${namespace}/rolebindings` : `${path}/clusterrolebindings`;
      const { metadata, ...binding } = await admin.get(`${of}/featureseal-${part}`);
      const subjects = [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'Group', name: `${part}s` }];
      await admin.create(of, { ...binding, metadata: { name: `${metadata.name}-group` }, subjects });
    }
    await world.addNode(node);
    await world.addNode('node-b');
    const worker = await world.startWorker(node);
    await world.startMaster();
    await world.nodeCarries(node, foundLabels);
    const good = await checked();
    expect(good.get('node-features')).toMatchObject({ status: 'ok', message: 'all 1 NodeFeatures verify' });
    expect(good.get('nodes')).toMatchObject({
      status: 'warning',
      message: expect.stringMatching(/featureseal: node-b$/),
    });

    await worker.stop();
    const object = await world.object(node);
    await world.put({ ...object, spec: { ...object.spec, labels: {} } });
    expect((await checked()).get('node-features')).toMatchObject({
      status: 'failed',
      message: `1 of 1 NodeFeatures are refused: ${namespace}/${node} (signature-invalid)`,
    });
  });

  test('finds an nfd-master, and a role that lost a rule', async () => {
    const { admin } = plane();
    const labels = { app: 'nfd-master' };
    await admin.create('/apis/apps/v1/namespaces/nfd/deployments', {
      metadata: { name: 'nfd-master' },
      spec: {
        selector: { matchLabels: labels },
        template: {
          metadata: { labels },
          spec: { containers: [{ name: 'master', image: 'nfd', command: ['nfd-master'] }] },
        },
      },
    });
    await admin.patch('/apis/rbac.authorization.k8s.io/v1/clusterroles/featureseal-master', {
      rules: [{ apiGroups: [''], resources: ['nodes'], verbs: ['get', 'list', 'watch'] }],
    });
    const found = await checked();
    expect(found.get('foreign-master')).toMatchObject({
      status: 'failed',
      message: 'an nfd-master is at work, and ignores seals: Deployment nfd/nfd-master',
    });
    expect(found.get('rbac-master')).toMatchObject({
      status: 'failed',
      message: expect.stringContaining('patch nodes'),
    });
  });

  test('finds a definition that lacks a field, by its schema and by what the server says to an object', async () => {
    const definition = await plane().admin.get(crd);
    const text = JSON.stringify(definition);
    await plane().admin.replace(crd, JSON.parse(text.replaceAll('"instances":', '"others":')));
    await plane().admin.until(crd.slice(0, crd.lastIndexOf('/')), definition.metadata.name, () => true);
    // The schema is served a moment after it is stored.
    for (let status = 'ok'; status === 'ok';) status = (await checked()).get('seal-survives')?.status ?? '';
    const found = await checked();
    expect(found.get('crds')).toMatchObject({
      status: 'failed',
      message: 'the CRD of NodeFeature lacks spec.features.instances',
    });
    expect(found.get('seal-survives')).toMatchObject({
      status: 'failed',
      message: expect.stringContaining('spec.features.instances'),
    });
  });

  test('for a user without rights checks what can be, and calls nothing else a fault', async () => {
    const { out } = await runCommand(plane(), ['doctor', '-o', 'json'], { user: 'nobody', groups: [] });
    const { checks } = JSON.parse(out) as { checks: Checked[] };
    expect(checks.filter(({ status }) => status === 'failed' || status === 'warning')).toEqual([]);
    expect(checks.filter(({ message }) => message.includes('may not look'))).not.toHaveLength(0);
  });

  async function checked(): Promise<ReadonlyMap<string, Checked>> {
    const { status, out, err } = await runCommand(plane(), ['doctor', '--socket', socket, '-o', 'json']);
    expect(err).toBe('');
    const { checks } = JSON.parse(out) as { checks: Checked[] };
    expect(status).toBe(checks.some((each) => each.status === 'failed') ? 1 : 0);
    return new Map(checks.map((check) => [check.name, check]));
  }
});

function statusOf(found: ReadonlyMap<string, Checked>, ...names: readonly string[]): readonly unknown[] {
  return names.map((name) => found.get(name)?.status);
}
