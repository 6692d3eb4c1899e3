import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { X509Source } from '../../src/spiffe/workload-api/source.ts';
import type { SpireAgent } from './harness/agent.ts';
import { Cluster, workerLabel, workerPath } from './harness/cluster.ts';
import type { SpireServer } from './harness/server.ts';
import { describeOnSpire, spireSite, startMs } from './harness/site.ts';

const longMs = 240_000;

describeOnSpire('identity comes late, goes and comes back', () => {
  const site = spireSite();
  const cluster = new Cluster();
  const { journal } = cluster;
  let server: SpireServer;
  let agent: SpireAgent;
  let svids: X509Source;
  let entry: string;

  beforeAll(async () => {
    server = await site.server();
    agent = await site.agent(server, { allowUnauthenticatedVerifiers: true });
    cluster.startMaster(agent.address, server.trustDomain);
  }, startMs);
  afterAll(async () => { (await import('node:fs')).writeFileSync('/tmp/spire-build/journal.txt', journal.entries.map((e) => JSON.stringify(e)).join('\n')); await cluster.close(); });

  const register = (): Promise<string> =>
    server.createEntry({ parent: agent.id, path: workerPath, ttlSeconds: 3600 });

  test(
    'a worker without a registration entry waits, says so, and publishes when it comes',
    async () => {
      svids = cluster.startWorker(agent.address);
      await journal.until('waiting', undefined, 0);
      const { error } = await journal.until(
        'workload-api-failed',
        ({ code }) => code === 'workload-api-denied',
        0,
      );
      expect(error).toMatch(/PERMISSION_DENIED: no identity issued/);
      expect(svids.current()).toBeUndefined();

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
      await journal.until(
        'workload-api-failed',
        ({ who, code }) => who === 'worker' && code === 'workload-api-denied',
        from,
      );
      expect(svids.current()).toBeUndefined();

      cluster.round += 1;
      const waiting = await journal.until('waiting', undefined, from);
      expect(waiting.code).toBe('workload-api-denied');
      expect(cluster.labels).toEqual({ [workerLabel]: '2' });

      entry = await register();
      await journal.until('patched', undefined, from);
      expect(cluster.labels).toEqual({ [workerLabel]: '3' });
    },
    longMs,
  );

  test(
    'while the agent is dead the worker goes on with the SVID that it has',
    async () => {
      const from = journal.entries.length;
      await agent.kill();
      for (const who of ['worker', 'master']) {
        await journal.until(
          'workload-api-failed',
          (failure) => failure.who === who && failure.code === 'workload-api-unavailable',
          from,
        );
      }
      await cluster.nextRound();
      expect(cluster.labels).toEqual({ [workerLabel]: '4' });
    },
    longMs,
  );

  test(
    'an agent that comes back serves a new socket in the same place, which both find',
    async () => {
      const from = journal.entries.length;
      const [before, inode] = [svids.current(), await agent.socketInode()];
      await agent.startAgain();
      expect(await agent.socketInode()).not.toBe(inode);

      const { spiffeId } = await journal.until('published', ({ reason }) => reason === 'svid-rotated', from);
      expect(spiffeId).toBe(server.id(workerPath));
      expect(svids.current()?.chain).not.toEqual(before?.chain);
      await cluster.nextRound();
    },
    longMs,
  );

  test('nothing was ever refused', () => {
    expect(journal.of('refused')).toEqual([]);
  });
});
