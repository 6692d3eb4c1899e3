// A site with a server of its own, while the server above it is away: what docs/topologies.md says of it.
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { SpireAgent } from './harness/agent.ts';
import { Cluster, workerLabel, workerPath } from './harness/cluster.ts';
import type { SpireServer } from './harness/server.ts';
import { describeOnSpire, spireSite } from './harness/site.ts';
import { untilContext, untilValue } from './harness/wait.ts';

const longMs = 240_000;
/** Lives through a busy moment, and ends within a test. */
const ttlSeconds = 40;

describeOnSpire('a nested server without the one above', () => {
  const site = spireSite();
  const cluster = new Cluster();
  const { journal } = cluster;
  let root: SpireServer;
  let upstreamAgent: SpireAgent;
  let nested: SpireServer;
  let another: SpireServer;
  let worker: ReturnType<Cluster['startWorker']>;

  beforeAll(async () => {
    root = await site.server({ keysOnDisk: true });
    upstreamAgent = await site.agent(root);
    await root.createEntry({ parent: upstreamAgent.id, path: 'nested', ttlSeconds: 3600, downstream: true });
    const upstream = { server: root, socketPath: upstreamAgent.socketPath };
    nested = await site.server({ upstream, keysOnDisk: true });
    another = await site.server({ upstream, keysOnDisk: true });

    const nodeAgent = await site.agent(nested, { allowUnauthenticatedVerifiers: true });
    await nested.createEntry({ parent: nodeAgent.id, path: workerPath, ttlSeconds });
    worker = cluster.startWorker(nodeAgent.address);
    cluster.startMaster(nodeAgent.address, nested.trustDomain);
    await journal.until('patched', undefined, 0);
    // Five seconds after its start, of which it tells nothing, a nested server asks for the bundle of the one above.
    await beyondOneLife();
    await root.kill();
  }, longMs);
  afterAll(() => cluster.close());

  /** Goes on discovering, sealing and labelling until an SVID that is held now has ended. */
  async function beyondOneLife(): Promise<void> {
    const { notAfter } = await untilValue(worker.svids, () => true);
    while (Date.now() <= notAfter.getTime()) await cluster.nextRound();
    // This one is sealed with another.
    await cluster.nextRound();
  }

  test(
    'labels follow for longer than an SVID lives',
    async () => {
      await beyondOneLife();
      expect(journal.of('refused')).toEqual([]);
    },
    longMs,
  );

  test(
    'who is new at the site gets an identity',
    async () => {
      const agent = await site.agent(nested);
      const path = 'vendor/demo/node-a';
      await nested.createEntry({ parent: agent.id, path, ttlSeconds });
      const { svids } = await untilContext(agent, (context) => context.svids.length > 0);
      expect(svids).toMatchObject([{ spiffeId: nested.id(path) }]);
    },
    longMs,
  );

  test(
    'does not come back from a restart while the agent between them answers: why the agent of overlay edge follows it',
    async () => {
      await another.kill();
      await another.startAgain().catch(() => undefined);
      expect(await another.ended()).toContain('failed to fetch bundle from upstream server');
    },
    longMs,
  );

  test(
    'comes back from a restart with what it has on disk when that agent is away too',
    async () => {
      await upstreamAgent.kill();
      await nested.kill();
      await nested.startAgain();
      await beyondOneLife();
      expect(cluster.labels).toEqual({ [workerLabel]: String(cluster.round) });
      expect(journal.of('refused')).toEqual([]);
    },
    longMs,
  );

  test(
    'gets a new CA when both are back, and workers sign below it without anybody doing anything',
    async () => {
      await root.startAgain();
      await upstreamAgent.startAgain();

      const [, before] = (await untilValue(worker.svids, () => true)).chain;
      await nested.changeAuthority('activate', await prepared());
      const { chain } = await untilValue(
        worker.svids,
        ({ chain: [, ca] }) => ca !== undefined && before !== undefined && !Buffer.from(ca).equals(before),
      );
      expect(chain).toHaveLength(2);
      await cluster.nextRound();
      expect(journal.of('refused')).toEqual([]);
    },
    longMs,
  );

  /** The agent that leads to the server above comes back at its own pace, and nobody tells when. */
  async function prepared(): Promise<string> {
    for (;;) {
      const authority = await nested.prepareAuthority().catch(() => undefined);
      if (authority !== undefined) return authority.id;
      await cluster.nextRound();
    }
  }
});
