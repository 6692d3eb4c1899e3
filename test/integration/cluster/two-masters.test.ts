// Several masters, of which one writes. The API server's own audit log says who did.
import { beforeAll, expect, test } from '@jest/globals';
import type { FeaturesealProcess } from '../../cluster/featureseal-process.ts';
import { Installation, prepareCluster } from '../../cluster/installation.ts';
import { foundLabels, namespace } from '../../cluster/scenario.ts';
import { controlPlane, describeOnCluster } from '../../cluster/suite.ts';

const node = 'node-a';
const leases = `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases`;

describeOnCluster('two masters with leader election', () => {
  const plane = controlPlane();
  let world: Installation;
  const masters = new Map<string, FeaturesealProcess>();

  beforeAll(async () => {
    await prepareCluster(plane());
    world = await Installation.create(plane());
    await world.addNode(node);
    await world.startWorker(node);
    for (const name of ['master-one', 'master-two']) {
      masters.set(name, await world.startMaster(name, ['--leader-election']));
    }
    await world.nodeCarries(node, foundLabels);
  });

  test('only the leader writes', async () => {
    for (let round = 0; round < 5; round++) await world.fence(node);
    const writers = await writersSince(0);
    expect(writers).toHaveLength(1);
    const [leader = ''] = writers;
    const follower = [...masters.keys()].find((name) => name !== leader) ?? '';
    expect(await leaderMetric(leader)).toBe('1');
    expect(await leaderMetric(follower)).toBe('0');
  });

  test('the other one takes over when the leader stops', async () => {
    const [leader = ''] = await writersSince(0);
    const { length } = await plane().writes();
    expect(await masters.get(leader)?.stop()).toBe(0);
    await world.fence(node);
    const successors = await writersSince(length);
    expect(successors).toEqual([...masters.keys()].filter((name) => name !== leader));
    await masters.get(leader)?.start();
  });

  test('the other one takes over when the leader is killed, once its lease is over', async () => {
    const { length } = await plane().writes();
    await world.fence(node);
    const [leader = ''] = await writersSince(length);
    const killedAt = (await plane().writes()).length;
    await masters.get(leader)?.kill();
    await world.fence(node);
    const successors = await writersSince(killedAt);
    expect(successors).toEqual([...masters.keys()].filter((name) => name !== leader));
    const [lease] = await world.admin.list(leases);
    expect(lease?.['spec']).toMatchObject({ leaseDurationSeconds: 15 });
  });

  /** Users that wrote a Node since then. */
  async function writersSince(count: number): Promise<readonly string[]> {
    const writes = (await plane().writes()).slice(count);
    return [
      ...new Set(
        writes
          .filter(({ resource, user }) => resource === 'nodes' && masters.has(user))
          .map(({ user }) => user),
      ),
    ];
  }

  async function leaderMetric(name: string): Promise<string | undefined> {
    const { text } = (await masters.get(name)?.health('/metrics')) ?? { text: '' };
    return /^featureseal_master_leader (\d)$/m.exec(text)?.[1];
  }
});
