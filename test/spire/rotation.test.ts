import { createHash } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Cluster, workerLabel, workerPath } from './harness/cluster.ts';
import { describeOnSpire, spireSite, startMs } from './harness/site.ts';

const ttlSeconds = 60;
const rotations = 5;
/** Each takes half of the life, give or take, and a tenth for the worker's spread. */
const rotationsMs = rotations * ttlSeconds * 1000 * 2;

describeOnSpire('SVIDs of 60 s', () => {
  const site = spireSite();
  const cluster = new Cluster();
  const { journal } = cluster;
  let worker: ReturnType<Cluster['startWorker']>;

  beforeAll(async () => {
    const server = await site.server();
    const [nodeAgent, masterAgent] = [
      await site.agent(server),
      await site.agent(server, { allowUnauthenticatedVerifiers: true }),
    ];
    await server.createEntry({ parent: nodeAgent.id, path: workerPath, ttlSeconds });
    cluster.startMaster(masterAgent.address, server.trustDomain);
    worker = cluster.startWorker(nodeAgent.address);
    await journal.until('patched', undefined, 0);
  }, startMs);
  afterAll(() => cluster.close());

  test(
    `rotate ${rotations} times, each is followed by a seal, and no seal is refused`,
    async () => {
      const leaves = new Set<string>();
      const start = journal.entries.length;
      for (let rotation = 0; rotation <= rotations; rotation += 1) {
        const svid = worker.svids.current();
        const [leaf = new Uint8Array()] = svid?.chain ?? [];
        leaves.add(createHash('sha256').update(leaf).digest('hex'));
        const from = journal.entries.length;
        if (rotation === rotations) break;
        await journal.until('published', ({ reason }) => reason === 'svid-rotated', from);
        await journal.until('verified', undefined, from);
      }
      expect(leaves.size).toBe(rotations + 1);
      expect(journal.of('refused')).toEqual([]);
      expect(journal.of('publish-failed')).toEqual([]);
      // Both streams were silent for longer than a heartbeat's interval, and lived.
      expect(journal.of('workload-api-failed', start)).toEqual([]);
      expect(cluster.labels).toEqual({ [workerLabel]: '1' });
    },
    rotationsMs,
  );
});
