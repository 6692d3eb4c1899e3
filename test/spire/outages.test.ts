import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { X509Source } from '../../src/spiffe/workload-api/source.ts';
import type { SpireAgent } from './harness/agent.ts';
import { Cluster, workerKey, workerLabel, workerPath } from './harness/cluster.ts';
import type { SpireServer } from './harness/server.ts';
import { describeOnSpire, spireSite, startMs } from './harness/site.ts';

const longMs = 180_000;

describeOnSpire('identity comes late, goes and comes back', () => {
  const site = spireSite();
  const cluster = new Cluster();
  const { journal } = cluster;
  let server: SpireServer;
  let nodeAgent: SpireAgent;
  let svids: X509Source;
  let entry: string;

  beforeAll(async () => {
    server = await site.server();
    nodeAgent = await site.agent(server);
    const masterAgent = await site.agent(server, { allowUnauthenticatedVerifiers: true });
    cluster.startMaster(masterAgent.address, server.trustDomain);
  }, startMs);
  afterAll(() => cluster.close());

  const declare = (): Promise<string> =>
    server.createEntry({ parent: nodeAgent.id, path: workerPath, ttlSeconds: 3600 });

  test(
    'a worker without a registration entry waits, says so, and publishes when the entry comes',
    async () => {
      svids = cluster.startWorker(nodeAgent.address);
      await journal.until('waiting', undefined, 0);
      await journal.until(
        'workload-api-failed',
        ({ of, code }) => of === 'worker' && code === 'workload-api-denied',
        0,
      );
      expect(svids.current()).toBeUndefined();
      expect(cluster.labels).toEqual({});

      entry = await declare();
      await journal.until('published', ({ reason }) => reason === 'started', 0);
      await journal.until('verified', ({ signer }) => signer === server.id(workerPath), 0);
      await journal.until('patched', undefined, 0);
      expect(cluster.labels).toEqual({ [workerLabel]: '1' });
    },
    longMs,
  );
  test(
    'labels follow what the worker finds',
    async () => {
      await cluster.nextRound();
      expect(cluster.labels).toEqual({ [workerLabel]: '2' });
    },
    longMs,
  );
  void workerKey;
  void entry;
});
