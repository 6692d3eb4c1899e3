import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { SpireAgent } from './harness/agent.ts';
import { Cluster, workerLabel, workerPath } from './harness/cluster.ts';
import type { SpireServer } from './harness/server.ts';
import { describeOnSpire, spireSite, startMs } from './harness/site.ts';

const longMs = 240_000;
/** Outlives an agent that is away for a minute; short, for the worker spreads its seals after a rotation over a tenth. */
const ttlSeconds = 180;

describeOnSpire('identity comes late, goes and comes back', () => {
  const site = spireSite();
  const cluster = new Cluster();
  const { journal } = cluster;
  let server: SpireServer;
  let nodeAgent: SpireAgent;
  let masterAgent: SpireAgent;
  let worker: ReturnType<Cluster['startWorker']>;
  let entry: string;

  beforeAll(async () => {
    server = await site.server();
    nodeAgent = await site.agent(server);
    masterAgent = await site.agent(server, { allowUnauthenticatedVerifiers: true });
    cluster.startMaster(masterAgent.address, server.trustDomain);
  }, startMs);
  afterAll(() => cluster.close());

  const register = (): Promise<string> =>
    server.createEntry({ parent: nodeAgent.id, path: workerPath, ttlSeconds });
  const failure = (who: 'worker' | 'master', code: string, from: number) =>
    journal.until('workload-api-failed', (entry) => entry.who === who && entry.code === code, from);

  test(
    'a worker without a registration entry waits, says so, and publishes when it comes',
    async () => {
      worker = cluster.startWorker(nodeAgent.address);
      await journal.until('waiting', undefined, 0);
      const { error } = await failure('worker', 'workload-api-denied', 0);
      expect(error).toMatch(/PERMISSION_DENIED: no identity issued/);
      expect(worker.svids.current()).toBeUndefined();

      entry = await register();
      const published = await journal.until('published', undefined, 0);
      expect(published).toMatchObject({ reason: 'started', spiffeId: server.id(workerPath) });
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

  test(
    'an entry that is deleted takes the SVID back on the open stream; labels stay',
    async () => {
      const from = journal.entries.length;
      await server.deleteEntry(entry);
      await failure('worker', 'workload-api-denied', from);
      expect(worker.svids.current()).toBeUndefined();

      cluster.round += 1;
      const { code } = await journal.until('waiting', undefined, from);
      expect(code).toBe('workload-api-denied');
      expect(cluster.labels).toEqual({ [workerLabel]: '2' });

      entry = await register();
      await journal.until('patched', undefined, from);
      expect(cluster.labels).toEqual({ [workerLabel]: '3' });
    },
    longMs,
  );

  test(
    'while its agent is dead the worker goes on with the SVID that it has',
    async () => {
      const from = journal.entries.length;
      await nodeAgent.kill();
      await failure('worker', 'workload-api-unavailable', from);
      await cluster.nextRound();
      expect(cluster.labels).toEqual({ [workerLabel]: '4' });
    },
    longMs,
  );

  test(
    'an agent that comes back serves a new socket in the same place, and the worker finds it',
    async () => {
      const from = journal.entries.length;
      const [before, socket] = [worker.svids.current(), await nodeAgent.socketFile()];
      await nodeAgent.startAgain();
      expect(await nodeAgent.socketFile()).not.toBe(socket);

      await journal.until('published', ({ reason }) => reason === 'svid-rotated', from);
      expect(worker.svids.lastError()).toBeUndefined();
      expect(worker.svids.current()?.chain).not.toEqual(before?.chain);
    },
    longMs,
  );

  test(
    'while its agent is dead the master accepts nothing and takes nothing away',
    async () => {
      expect(journal.of('refused')).toEqual([]);
      const from = journal.entries.length;
      await masterAgent.kill();
      await failure('master', 'workload-api-unavailable', from);

      cluster.round += 1;
      const { code } = await journal.until('refused', undefined, from);
      expect(code).toBe('workload-api-unavailable');
      expect(cluster.labels).toEqual({ [workerLabel]: '4' });
    },
    longMs,
  );

  test(
    'with its agent back the master accepts what it could not judge, without a new seal',
    async () => {
      const from = journal.entries.length;
      await masterAgent.startAgain();
      await journal.until('patched', undefined, from);
      expect(cluster.labels).toEqual({ [workerLabel]: '5' });
      expect(journal.of('lapsed')).toEqual([]);
    },
    longMs,
  );
});
