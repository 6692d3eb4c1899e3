// featureseal explain on a real API server: what stands on a Node, and what somebody tried.
import { beforeAll, expect, test } from '@jest/globals';
import type { Explanation } from '../../../src/cli/explain/explanation.ts';
import { attacksElsewhere, attacksOnTheObject, claimedLabel, type Attack } from '../../cluster/attacks.ts';
import { runCommand } from '../../cluster/command.ts';
import type { FeaturesealProcess } from '../../cluster/featureseal-process.ts';
import { Installation, prepareCluster, type StoredNodeFeature } from '../../cluster/installation.ts';
import { cluster, foundLabels, namespace, policy, workerId } from '../../cluster/scenario.ts';
import { createBase } from '../../cluster/shipped-base.ts';
import { controlPlane, describeOnCluster } from '../../cluster/suite.ts';

const node = 'node-a';
const object = `${namespace}/${node}`;
const foundKeys = Object.keys(foundLabels);

describeOnCluster('featureseal explain', () => {
  const plane = controlPlane();
  let world: Installation;
  let master: FeaturesealProcess;
  let good: StoredNodeFeature;
  let socket: string;

  beforeAll(async () => {
    await prepareCluster(plane());
    await createBase(plane().admin, {
      namespace,
      cluster,
      policy: JSON.stringify(policy),
      withRights: false,
    });
    world = await Installation.create(plane());
    // With a label, as kubelet does: the server keeps no account of writers for an object that begins empty.
    await world.admin.create('/api/v1/nodes', {
      metadata: { name: node, labels: { 'kubernetes.io/os': 'linux' } },
    });
    await world.addNode('node-b');
    const worker = await world.startWorker(node);
    master = await world.startMaster();
    await world.nodeCarries(node, foundLabels);
    // It would put right what is to be looked at.
    await worker.stop();
    good = await world.object(node);
    socket = (await world.identity.serve(workerId('none'), 'explain')).address;
  });

  test('a label comes from the object of the worker, with signer and time; one that somebody set is his', async () => {
    const body = { metadata: { labels: { 'example.com/by-hand': 'yes' } } };
    await world.admin.patch(`/api/v1/nodes/${node}?fieldManager=kubectl-label`, body);
    const { labels, objects, notes } = await explained();
    expect(notes).toEqual([]);
    expect(objects).toMatchObject([
      { object, verdict: 'accepted', signer: workerId(node), stale: false, accepted: { same: true } },
    ]);
    expect(labels.filter(({ key }) => foundKeys.includes(key))).toMatchObject([
      { key: 'example.com/speed', source: 'object', objects: [object], writtenBy: 'featureseal-master' },
      { key: 'feature.node.kubernetes.io/test-gpu', source: 'object', plugin: 'test' },
    ]);
    expect(labels.find(({ key }) => key === 'example.com/by-hand')).toMatchObject({
      source: 'foreign',
      writtenBy: 'kubectl-label',
    });
  });

  test.each(['a label added to the spec', 'the seal stripped', 'a signature for another cluster'])(
    'of an object with %s it says why it is refused, and that what was accepted is in use',
    async (name) => {
      const attack = attacksOnTheObject[name];
      if (attack === undefined) throw new TypeError(`there is no attack ${name}`);
      await commit(attack);
      const { labels, objects, events } = await explained();
      expect(objects).toMatchObject([
        {
          object,
          verdict: 'refused',
          code: attack.expected,
          accepted: { signer: workerId(node), same: false },
        },
      ]);
      expect(labels.filter(({ key }) => foundKeys.includes(key)).map(({ source }) => source)).toEqual([
        'accepted',
        'accepted',
      ]);
      expect(labels.map(({ key }) => key)).not.toContain(claimedLabel);
      expect(events).not.toHaveLength(0);
      expect(events[0]).toMatchObject({ reason: 'NodeFeatureRefused', about: `NodeFeature ${object}` });
      await world.put(good);
    },
  );

  test('a copy in a namespace of nobody is told beside the good one', async () => {
    const attack = attacksElsewhere['a copy in a namespace that the policy does not name'];
    if (attack === undefined) throw new TypeError('there is no such attack');
    await commit(attack);
    expect((await explained()).objects).toMatchObject([
      { verdict: 'refused', code: 'namespace-not-in-policy' },
      { object, verdict: 'accepted' },
    ]);
  });

  test('without a bundle it knows by the mark that this is what was accepted', async () => {
    const { objects, notes } = await explained([]);
    expect(objects).toContainEqual(
      expect.objectContaining({ object, verdict: 'unverified', counts: true, accepted: expect.anything() }),
    );
    expect(notes).toEqual([expect.stringContaining('no trust bundle is given')]);
  });

  test('who may read Nodes alone is told what he may not', async () => {
    const { admin } = world;
    const rbac = '/apis/rbac.authorization.k8s.io/v1';
    const rules = [{ apiGroups: [''], resources: ['nodes'], verbs: ['get'] }];
    await admin.create(`${rbac}/clusterroles`, { metadata: { name: 'sees-nodes' }, rules });
    await admin.create(`${rbac}/clusterrolebindings`, {
      metadata: { name: 'sees-nodes' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'sees-nodes' },
      subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'Group', name: 'seers' }],
    });
    const { out } = await runCommand(plane(), ['explain', node, '-o', 'json'], {
      user: 'seer',
      groups: ['seers'],
    });
    const { labels, notes } = JSON.parse(out) as Explanation;
    expect(notes.filter((note) => note.includes('HTTP 403')).map((note) => note.split(':')[0])).toEqual([
      'no policy',
      'NodeFeatures cannot be read',
      'Events cannot be read',
    ]);
    expect(labels.map(({ key }) => key)).toEqual(expect.arrayContaining(foundKeys));
    expect(await runCommand(plane(), ['explain', node], { user: 'nobody', groups: [] })).toMatchObject({
      status: 1,
      out: '',
      err: expect.stringMatching(
        /^featureseal: \[store-refused\] GET \/api\/v1\/nodes\/node-a: HTTP 403: [^\n]*\n$/,
      ),
    });
  });

  async function explained(bundles = ['--socket', socket]): Promise<Explanation> {
    const { status, out, err } = await runCommand(plane(), ['explain', node, ...bundles, '-o', 'json']);
    expect({ status, err }).toEqual({ status: 0, err: '' });
    return JSON.parse(out) as Explanation;
  }

  /** Writes the forged object and waits for the master's refusal, and for its Event. */
  async function commit({ expected, forge }: Attack): Promise<void> {
    const forged = await forge(await world.object(node), { world, otherNode: 'node-b', older: good });
    const since = master.mark;
    await world.put(forged);
    const refusal = await master.says((line) => line['audit'] === true, since);
    expect(refusal).toMatchObject({ code: expected });
    const { namespace: inNamespace, name } = forged.metadata;
    for (let isTold = false; !isTold;) {
      const events = await world.admin.list(`/apis/events.k8s.io/v1/namespaces/${inNamespace}/events`);
      isTold = events.some(({ regarding }) => (regarding as { name?: string } | undefined)?.name === name);
    }
  }
});
