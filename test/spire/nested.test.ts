import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Cluster, workerLabel, workerPath } from './harness/cluster.ts';
import type { SpireServer } from './harness/server.ts';
import { describeOnSpire, spireSite, startMs } from './harness/site.ts';

const longMs = 120_000;

describeOnSpire('a nested server', () => {
  const site = spireSite();
  const cluster = new Cluster();
  const { journal } = cluster;
  let root: SpireServer;
  let nested: SpireServer;

  beforeAll(async () => {
    root = await site.server();
    const upstreamAgent = await site.agent(root);
    const entry = { parent: upstreamAgent.id, path: 'nested', ttlSeconds: 3600, downstream: true };
    await root.createEntry(entry);
    const { socketPath } = upstreamAgent;
    nested = await site.server({ upstream: { server: root, socketPath }, caKeyType: 'ec-p384' });
  }, startMs);
  afterAll(() => cluster.close());

  test(
    'gives chains of leaf and intermediate, verified with the bundle of either server',
    async () => {
      const nodeAgent = await site.agent(nested);
      await nested.createEntry({ parent: nodeAgent.id, path: workerPath, ttlSeconds: 3600 });
      const worker = cluster.startWorker(nodeAgent.address);
      await journal.until('published', undefined, 0);
      expect(worker.svids.current()?.chain).toHaveLength(2);

      for (const server of [root, nested]) {
        const from = journal.entries.length;
        const agent = await site.agent(server, { allowUnauthenticatedVerifiers: true });
        const master = cluster.startMaster(agent.address, server.trustDomain);
        await journal.until('verified', undefined, from);
        await cluster.nextRound();
        await master.stop();
      }
      expect(cluster.labels).toEqual({ [workerLabel]: '3' });
      expect(journal.of('refused')).toEqual([]);
    },
    longMs,
  );
});
