import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { SpireAgent } from './harness/agent.ts';
import { Cluster, workerKey, workerLabel, workerPath } from './harness/cluster.ts';
import type { SpireServer } from './harness/server.ts';
import { describeOnSpire, spireSite, startMs } from './harness/site.ts';

const longMs = 120_000;

describeOnSpire('a worker of another trust domain that the policy names', () => {
  const site = spireSite();
  const cluster = new Cluster();
  const { journal } = cluster;
  let home: SpireServer;
  let partner: SpireServer;
  let masterAgent: SpireAgent;

  beforeAll(async () => {
    home = await site.server();
    partner = await site.server({ trustDomain: 'partner.example' });
    masterAgent = await site.agent(home, { allowUnauthenticatedVerifiers: true });
    const nodeAgent = await site.agent(partner);
    await partner.createEntry({ parent: nodeAgent.id, path: workerPath, ttlSeconds: 3600 });
    cluster.startWorker(nodeAgent.address);
    cluster.startMaster(masterAgent.address, partner.trustDomain, { deletionGraceMs: 1_000 });
  }, startMs);
  afterAll(() => cluster.close());

  test(
    'is refused while the trust domains do not federate',
    async () => {
      const { key, code } = await journal.until('refused', undefined, 0);
      expect({ key, code }).toEqual({ key: workerKey, code: 'bundle-missing' });
      expect(cluster.labels).toEqual({});
      await journal.until('published', undefined, 0);
    },
    longMs,
  );

  test(
    'is accepted, without a new seal, once an entry of the master federates with it',
    async () => {
      const from = journal.entries.length;
      await home.federateWith(partner);
      const federatesWith = [partner.trustDomain];
      const path = 'featureseal/master/demo';
      await home.createEntry({ parent: masterAgent.id, path, ttlSeconds: 3600, federatesWith });
      await journal.until('patched', undefined, from);
      expect(journal.of('published', from)).toEqual([]);
      expect(cluster.labels).toEqual({ [workerLabel]: '1' });
    },
    longMs,
  );

  test(
    'is withdrawn after the grace when they federate no more',
    async () => {
      const from = journal.entries.length;
      await home.unfederate(partner);
      await journal.until('lapsed', ({ key }) => key === workerKey, from);
      await journal.until('patched', undefined, from);
      expect(cluster.labels).toEqual({});
      expect(journal.of('refused', from).map(({ code }) => code)).toEqual(['bundle-missing']);
    },
    longMs,
  );
});
