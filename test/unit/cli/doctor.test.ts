import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { parseAllDocuments } from 'yaml';
import type { Checked } from '../../../src/cli/doctor/check.ts';
import { neededRights } from '../../../src/cli/doctor/rights.ts';
import { DevelopmentIdentity } from '../../../src/identity/development-identity.ts';
import type { Right } from '../../../src/kube/access.ts';
import { systemClock } from '../../../src/runtime/clock.ts';
import { silentLog } from '../../../src/runtime/log.ts';
import { signNodeFeature } from '../../../src/seal/sign.ts';
import { shippedObjects } from '../../cluster/shipped-objects.ts';
import type { ApiObject } from '../../support/fake-api-server.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { nodeFeature, policyText, workerId } from '../../support/sealing.ts';
import {
  componentLabels,
  eventsPath,
  fakeCluster,
  installMaster,
  nodeFeaturesPath,
  nodesPath,
  type Outcome,
} from './fake-cluster.ts';

const crds = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
const csiDrivers = '/apis/storage.k8s.io/v1/csidrivers';
const daemonSets = '/apis/apps/v1/daemonsets';
const deployments = '/apis/apps/v1/deployments';
const leases = '/apis/coordination.k8s.io/v1/leases';
const cluster = fakeCluster();

let identity: DevelopmentIdentity;
let socket: string;
beforeEach(async () => {
  const { crypto } = globalThis;
  const common = { trustDomain: 'example.org', clock: systemClock, crypto, log: silentLog };
  identity = await DevelopmentIdentity.create({
    ...common,
    directory: cluster().path('identity'),
    svidTtlMs: 3_600_000,
  });
  socket = (await identity.serve(workerId())).address;
  await wellInstalled();
});
afterEach(() => identity.close());

/** A cluster in which everything is as it should be. */
async function wellInstalled(): Promise<void> {
  const { server, put } = cluster();
  server.answers(/^GET \/version$/, () => ({ major: '1', minor: '36', gitVersion: 'v1.36.3' }));
  server.answers(/accessreviews$/, () => ({ status: { allowed: true } }));
  server.answers(/^POST .*\/nodefeatures$/, ({ body }) => body);
  const [crd] = await shippedObjects('crd/nodefeatures.yaml');
  put(crds, {
    ...(crd as never as { metadata: { name: string } }),
    status: { conditions: [{ type: 'Established', status: 'True' }] },
  });
  putDriver({ 'featureseal.io/identity': 'development' });
  installMaster(cluster(), { policy: policyText });
  putWorker({});
  putLease('featureseal', 'featureseal-master', new Date());
  put(nodesPath, {
    metadata: { name: 'node-a', creationTimestamp: new Date(Date.now() - 60_000).toISOString() },
  });
  put(nodeFeaturesPath, (await sealed()) as never);
}

async function sealed(): Promise<unknown> {
  return signNodeFeature(nodeFeature(), {
    svid: await identity.issue(workerId()),
    cluster: 'demo',
    now: new Date(),
  });
}

function putDriver(labels: Record<string, string>, spec: object = {}): void {
  const whole = { podInfoOnMount: true, volumeLifecycleModes: ['Ephemeral'], ...spec };
  cluster().put(csiDrivers, { metadata: { name: 'csi.spiffe.io', labels }, spec: whole });
}

function putWorker({ status, config = 'cluster: demo' }: { status?: object; config?: string }): void {
  const { put } = cluster();
  put('/api/v1/configmaps', {
    metadata: { name: 'worker-config', namespace: 'featureseal' },
    data: { 'worker.yaml': config },
  });
  const container = {
    name: 'worker',
    args: ['worker', '--config', '/etc/featureseal/worker.yaml'],
    volumeMounts: [{ name: 'config', mountPath: '/etc/featureseal' }],
  };
  const volumes = [
    { name: 'config', configMap: { name: 'worker-config' } },
    { name: 'socket', csi: { driver: 'csi.spiffe.io' } },
  ];
  put(daemonSets, {
    metadata: { name: 'featureseal-worker', namespace: 'featureseal', labels: componentLabels('worker') },
    spec: {
      template: { spec: { serviceAccountName: 'featureseal-worker', containers: [container], volumes } },
    },
    status: status ?? { desiredNumberScheduled: 1, numberReady: 1, updatedNumberScheduled: 1 },
  });
}

function putLease(namespace: string, name: string, renewed: Date, holderIdentity = 'master-1'): void {
  const renewTime = renewed.toISOString().replace('Z', '000Z');
  cluster().put(leases, {
    metadata: { name, namespace },
    spec: { holderIdentity, leaseDurationSeconds: 15, renewTime },
  });
}

function putPods(collection: string, name: string, container: object, replicas = 1): void {
  const template = { spec: { containers: [{ name: 'x', ...container }] } };
  cluster().put(collection, {
    metadata: { name, namespace: 'nfd' },
    spec: { replicas, template },
    status: {},
  });
}

async function run(args: readonly string[] = [], overrides = {}): Promise<Outcome> {
  return cluster().run(['doctor', ...args], overrides);
}

async function checked(
  overrides = {},
  args: readonly string[] = ['--socket', socket],
): Promise<ReadonlyMap<string, Checked>> {
  const { out, err, status } = await run(['-o', 'json', ...args], overrides);
  expect(err).toBe('');
  const { checks } = JSON.parse(out) as { checks: Checked[] };
  expect(status).toBe(checks.some((each) => each.status === 'failed') ? 1 : 0);
  return new Map(checks.map((check) => [check.name, check]));
}

async function found(name: string, overrides = {}): Promise<Checked | undefined> {
  return (await checked(overrides)).get(name);
}

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
    putWorker({ status: { desiredNumberScheduled: 2, numberReady: 0, updatedNumberScheduled: 2 } });
    const { status, out } = await run(['--socket', socket]);
    expect(status).toBe(1);
    expect(out).toMatch(/^STATUS {7}CHECK {15}FOUND\n/);
    expect(out).toMatch(/^ok +api-server +Kubernetes v1\.36\.3$/m);
    expect(out).toMatch(
      /^failed +worker +DaemonSet featureseal\/featureseal-worker: 0 of 2 pods ready\n +-> kubectl/m,
    );
    expect(out).toMatch(/^17 ok, 0 warnings, 1 failed, 1 not checked$/m);
  });

  describe('tells of the API server', () => {
    test('that there is none configured; the socket is tried all the same', async () => {
      const results = await checked({ env: { KUBECONFIG: '' } });
      expect(results.get('api-server')).toMatchObject({
        status: 'failed',
        message: expect.stringContaining('no Kubernetes API server is configured'),
      });
      expect(results.get('nodes')).toEqual({
        name: 'nodes',
        status: 'not checked',
        message: 'the API server cannot be asked',
      });
      expect(results.get('workload-api')?.status).toBe('ok');
    });

    test('that it does not take the credentials', async () => {
      cluster().server.token = 'another';
      expect(await found('api-server')).toMatchObject({
        status: 'failed',
        message: expect.stringContaining('HTTP 401'),
      });
    });

    test('that it is too old', async () => {
      cluster().server.answers(/^GET \/version$/, () => ({
        major: '1',
        minor: '29+',
        gitVersion: 'v1.29.4-eks',
      }));
      expect(await found('api-server')).toMatchObject({
        status: 'failed',
        message: 'Kubernetes v1.29.4-eks is older than 1.30',
      });
    });

    test.each([
      [30_000, 'warning', /^the clock here is (29|30|31) s ahead of the API server's$/],
      [-200_000, 'failed', /^the clock here is \d+ s behind the API server's; seals bear 60 s$/],
    ])('that the clock is off by %d ms', async (skew, status, message) => {
      const clock = new ManualClock(Date.now() + skew);
      expect(await found('clock', { clock })).toMatchObject({
        status,
        message: expect.stringMatching(message),
      });
    });

    test('that the user may not look', async () => {
      cluster().server.failNext(/GET .*customresourcedefinitions/, { status: 403 });
      expect(await found('crds')).toMatchObject({
        status: 'not checked',
        message: expect.stringContaining('the present user may not look'),
      });
    });
  });

  describe('tells of the definitions', () => {
    const name = 'nodefeatures.nfd.k8s-sigs.io';

    test('that they are missing', async () => {
      cluster().server.objects.delete(crds, { name });
      expect(await found('crds')).toMatchObject({
        status: 'failed',
        message: 'the CRD of NodeFeature is not installed',
      });
    });

    test('that a field is missing, which the server would drop in silence', async () => {
      const text = JSON.stringify(cluster().server.objects.get(crds, { name }));
      cluster().put(crds, JSON.parse(text.replaceAll('"instances"', '"others"')) as ApiObject);
      expect(await found('crds')).toMatchObject({
        status: 'failed',
        message: 'the CRD of NodeFeature lacks spec.features.instances',
      });
    });

    test('that something on the way changes objects', async () => {
      cluster().server.answers(/^POST .*\/nodefeatures$/, ({ body }) => {
        const object = body as { spec: object };
        return { ...object, spec: { ...object.spec, labels: {} } };
      });
      expect(await found('seal-survives')).toMatchObject({
        status: 'failed',
        message: expect.stringContaining('(mutated)'),
      });
    });

    test('nothing is stored for it', async () => {
      await found('seal-survives');
      const posts: (string | null)[] = [];
      for (let left = true; left;) {
        const { method, path, query } = await cluster().server.requests.next();
        if (method === 'POST' && path.endsWith('/nodefeatures')) {
          posts.push(query.get('dryRun'));
          left = false;
        }
      }
      expect(posts).toEqual(['All']);
    });
  });

  describe('tells of the roles', () => {
    test('what a service account lacks', async () => {
      cluster().server.answers(/subjectaccessreviews$/, ({ body }) => {
        const { resourceAttributes, user } = (body as { spec: { resourceAttributes: Right; user: string } })
          .spec;
        const isDenied = user.endsWith(':featureseal-master') && resourceAttributes.verb === 'patch';
        return { status: { allowed: !isDenied } };
      });
      const results = await checked();
      expect(results.get('rbac-worker')?.status).toBe('ok');
      expect(results.get('rbac-master')).toMatchObject({
        status: 'failed',
        message: 'system:serviceaccount:featureseal:featureseal-master may not: patch nodes, patch events',
      });
    });

    test('in a pod, what its own account may; of the other it cannot tell', async () => {
      const { server } = cluster();
      const username = 'system:serviceaccount:featureseal:featureseal-worker';
      server.answers(/selfsubjectreviews$/, () => ({ status: { userInfo: { username } } }));
      for (const _ of ['worker', 'master']) server.failNext(/POST .*\/subjectaccessreviews/, { status: 403 });
      const results = await checked();
      expect(results.get('rbac-worker')).toMatchObject({
        status: 'ok',
        message: `${username} may do all that it needs`,
      });
      expect(results.get('rbac-master')).toMatchObject({
        status: 'not checked',
        message: expect.stringContaining('may not ask what'),
      });
    });

    test.each(['worker', 'master'] as const)(
      'asks for the rights of the %s that deploy/base grants, no more and no less',
      (component) => {
        const file = join(import.meta.dirname, '../../../deploy/base', component, 'rbac.yaml');
        const granted = parseAllDocuments(readFileSync(file, 'utf8'))
          .map((document) => document.toJS() as { kind: string; rules?: Rule[] })
          .flatMap(({ kind, rules = [] }) => rules.flatMap((rule) => rightsOf(rule, kind === 'Role')));
        expect(neededRights(component, 'here').map(textOf).sort()).toEqual(granted.sort());
      },
    );
  });

  describe('tells of the CSI driver', () => {
    test('that it is missing while the worker asks for it', async () => {
      cluster().server.objects.delete(csiDrivers, { name: 'csi.spiffe.io' });
      expect(await found('csi-driver')).toMatchObject({ status: 'failed' });
    });

    test.each([
      [
        { 'featureseal.io/identity': 'development' },
        'the development identity serves it: not for production',
      ],
      [{}, "it is not this project's: SPIFFE's own"],
    ])('whose it is: labels %j', async (labels, message) => {
      putDriver(labels);
      expect(await found('csi-driver')).toMatchObject({ status: 'ok', message });
    });

    test('that kubelet will not tell it of pods', async () => {
      putDriver({}, { podInfoOnMount: false });
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
      putPods(daemonSets, 'spiffe-csi', { image });
      expect(await found('csi-driver-version')).toMatchObject({ status });
    });
  });

  describe('tells of the Workload API', () => {
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
      const { address } = await identity.serve('spiffe://example.org/somebody');
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

  describe('tells of policy and processes', () => {
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
      putWorker({ config: 'cluster: other' });
      expect(await found('cluster-name')).toMatchObject({
        status: 'failed',
        message: expect.stringContaining('for cluster other, the policy is for demo'),
      });
    });

    test('that nothing is installed', async () => {
      const { server } = cluster();
      server.objects.delete(daemonSets, { name: 'featureseal-worker', namespace: 'featureseal' });
      server.objects.delete(deployments, { name: 'featureseal-master', namespace: 'featureseal' });
      const results = await checked();
      const of = (...names: string[]) => names.map((name) => results.get(name)?.status);
      expect(of('worker', 'master')).toEqual(['failed', 'failed']);
      expect(of('rbac-worker', 'rbac-master', 'policy', 'cluster-name')).toEqual(
        Array.from({ length: 4 }, () => 'not checked'),
      );
    });

    test.each([
      [
        'nobody holds it',
        () => putLease('featureseal', 'featureseal-master', new Date(), ''),
        'nobody holds',
      ],
      [
        'nobody renews it',
        () => putLease('featureseal', 'featureseal-master', new Date(Date.now() - 600_000)),
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

  describe('tells of NFD', () => {
    test('that an nfd-master is deployed, and how to stop it', async () => {
      putPods(deployments, 'nfd-master', { command: ['nfd-master'] });
      expect(await found('foreign-master')).toMatchObject({
        status: 'failed',
        message: 'an nfd-master is at work, and ignores seals: Deployment nfd/nfd-master',
        advice: expect.stringContaining('kubectl -n nfd scale deployment nfd-master --replicas=0'),
      });
    });

    test('nothing of one that is scaled to nothing', async () => {
      putPods(deployments, 'nfd-master', { command: ['nfd-master'] }, 0);
      expect(await found('foreign-master')).toMatchObject({ status: 'ok' });
    });

    test('that somebody renews its Lease', async () => {
      putLease('nfd', 'nfd-master.nfd.kubernetes.io', new Date());
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
      putPods(daemonSets, 'nfd-worker', { command: ['/usr/bin/nfd-worker'] });
      expect(await found('foreign-master')).toMatchObject({ status: 'warning' });
    });
  });

  describe('tells of Nodes and NodeFeatures', () => {
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

    test('without a bundle, what masters told by Events', async () => {
      const involvedObject = { kind: 'NodeFeature', namespace: 'featureseal', name: 'node-a' };
      const reportingComponent = 'featureseal.io/master';
      const event = {
        metadata: { name: 'e', namespace: 'featureseal' },
        reason: 'NodeFeatureRefused',
        involvedObject,
        reportingComponent,
      };
      cluster().put(eventsPath, event);
      expect((await checked({}, [])).get('node-features')).toMatchObject({
        status: 'warning',
        message: 'masters refused within the last hour: NodeFeature featureseal/node-a',
      });
    });
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

interface Rule {
  readonly apiGroups: string[];
  readonly resources: string[];
  readonly verbs: string[];
  readonly resourceNames?: string[];
}

function rightsOf(
  { apiGroups, resources, verbs, resourceNames = [''] }: Rule,
  isNamespaced: boolean,
): string[] {
  return apiGroups.flatMap((group) =>
    resources.flatMap((resource) =>
      verbs.flatMap((verb) =>
        resourceNames.map((name) =>
          textOf({
            group,
            resource,
            verb,
            ...(isNamespaced && { namespace: 'here' }),
            ...(name !== '' && { name }),
          }),
        ),
      ),
    ),
  );
}

function textOf({ group, resource, verb, namespace = '*', name = '*' }: Right): string {
  return `${verb} ${group}/${resource} ${namespace}/${name}`;
}
