import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { SpireAgent } from './harness/agent.ts';
import { Cluster, workerLabel, workerPath } from './harness/cluster.ts';
import type { SpireServer } from './harness/server.ts';
import { describeOnSpire, spireSite, startMs } from './harness/site.ts';

const longMs = 180_000;
const ttlSeconds = 20;

describeOnSpire('an agent is banned', () => {
  const site = spireSite();
  const cluster = new Cluster();
  const { journal } = cluster;
  let server: SpireServer;
  let nodeAgent: SpireAgent;
  let worker: ReturnType<Cluster['startWorker']>;
  let bannedFrom: number;

  beforeAll(async () => {
    server = await site.server();
    nodeAgent = await site.agent(server);
    const masterAgent = await site.agent(server, { allowUnauthenticatedVerifiers: true });
    await server.createEntry({ parent: nodeAgent.id, path: workerPath, ttlSeconds });
    cluster.startMaster(masterAgent.address, server.trustDomain);
    // A seal every few seconds shows from when on there is nothing to seal with.
    worker = cluster.startWorker(nodeAgent.address, { resignIntervalMs: 3_000 });
    await journal.until('patched', undefined, 0);
  }, startMs);
  afterAll(() => cluster.close());

  test(
    'it ends by itself, and its workloads get nothing more',
    async () => {
      bannedFrom = journal.entries.length;
      await server.ban(nodeAgent.id);
      expect(await nodeAgent.ended()).toMatch(/banned/i);
      const failure = await journal.until('workload-api-failed', ({ who }) => who === 'worker', bannedFrom);
      expect(failure.code).toBe('workload-api-unavailable');
    },
    longMs,
  );

  test(
    'the worker seals until its SVID has expired, then waits and says so',
    async () => {
      const { code } = await journal.until('waiting', undefined, bannedFrom);
      expect(code).toBe('workload-api-unavailable');
      expect(worker.svids.current()?.notAfter.getTime()).toBeLessThanOrEqual(Date.now());
    },
    longMs,
  );

  test(
    'labels stay: what was accepted was true when it was signed',
    async () => {
      const from = journal.entries.length;
      cluster.round += 1;
      await journal.until('waiting', undefined, from);
      expect(cluster.labels).toEqual({ [workerLabel]: '1' });
      expect(journal.of('refused')).toEqual([]);
      expect(journal.of('publish-failed')).toEqual([]);
    },
    longMs,
  );
});
