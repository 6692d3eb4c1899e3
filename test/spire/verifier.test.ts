import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Cluster, workerLabel, workerPath } from './harness/cluster.ts';
import type { SpireServer } from './harness/server.ts';
import { describeOnSpire, spireSite, startMs } from './harness/site.ts';

const longMs = 120_000;

describeOnSpire('a master', () => {
  const site = spireSite();
  let server: SpireServer;
  let workerAddress: string;

  beforeAll(async () => {
    server = await site.server();
    const nodeAgent = await site.agent(server);
    workerAddress = nodeAgent.address;
    await server.createEntry({ parent: nodeAgent.id, path: workerPath, ttlSeconds: 3600 });
  }, startMs);

  const clusters: Cluster[] = [];
  const newCluster = (): Cluster => {
    const cluster = new Cluster();
    clusters.push(cluster);
    return cluster;
  };
  afterAll(async () => {
    for (const cluster of clusters) await cluster.close();
  });

  test(
    'needs no entry where the agent allows unauthenticated verifiers',
    async () => {
      const agent = await site.agent(server, { allowUnauthenticatedVerifiers: true });
      const cluster = newCluster();
      cluster.startMaster(agent.address, server.trustDomain);
      cluster.startWorker(workerAddress);
      await cluster.journal.until('patched', undefined, 0);
      expect(cluster.labels).toEqual({ [workerLabel]: '1' });
      expect(cluster.journal.of('refused')).toEqual([]);
    },
    longMs,
  );

  test(
    'without an entry at any other agent is not ready, says so, and works once it has one',
    async () => {
      const agent = await site.agent(server);
      const cluster = newCluster();
      const { master } = cluster.startMaster(agent.address, server.trustDomain);
      cluster.startWorker(workerAddress);
      const failure = await cluster.journal.until('workload-api-failed', ({ who }) => who === 'master', 0);
      expect(failure.code).toBe('workload-api-denied');
      await cluster.journal.until('published', undefined, 0);
      expect(master.isReady()).toBe(false);
      expect(cluster.labels).toEqual({});

      await server.createEntry({ parent: agent.id, path: 'featureseal/master/demo', ttlSeconds: 3600 });
      await cluster.journal.until('patched', undefined, 0);
      expect(master.isReady()).toBe(true);
      expect(cluster.labels).toEqual({ [workerLabel]: '1' });
    },
    longMs,
  );
});
