// Two servers as overlay `ha` has them: its connection string and its upstream authority, on a real PostgreSQL.
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { certificatesFrom } from '../../src/spiffe/pem.ts';
import { Service } from '../ha/harness/service.ts';
import { Cluster, workerLabel, workerPath } from './harness/cluster.ts';
import type { SpireServer } from './harness/server.ts';
import { describeOnBoth, makeAuthority, SharedPlace } from './harness/shared-place.ts';
import { spireSite, startMs } from './harness/site.ts';
import { untilContext, untilValue } from './harness/wait.ts';

const longMs = 240_000;
const ttlSeconds = 30;

describeOnBoth('two SPIRE servers on one database', () => {
  const site = spireSite();
  const cluster = new Cluster();
  const { journal } = cluster;
  let place: SharedPlace;
  let first: SpireServer;
  let second: SpireServer;
  let service: Service;
  let worker: ReturnType<Cluster['startWorker']>;

  const server = async (): Promise<SpireServer> => site.server({ shared: await place.forServer() });

  /** Goes on discovering, sealing and labelling until an SVID that is held now has ended. */
  async function beyondOneLife(): Promise<void> {
    const { notAfter } = await untilValue(worker.svids, () => true);
    while (Date.now() <= notAfter.getTime()) await cluster.nextRound();
  }

  /** The CA of the SVID that the worker has. */
  function signedBy(): string {
    const [, ca = new Uint8Array()] = worker.svids.current()?.chain ?? [];
    return Buffer.from(ca).toString('base64');
  }

  beforeAll(async () => {
    place = await SharedPlace.start(await makeAuthority());
    first = await server();
    second = await server();
    const { host } = first.place;
    service = await Service.start({ host, port: 9081 }, first.place);
    const at = { host, port: 9081 };
    const agent = await site.agent(first, { at, allowUnauthenticatedVerifiers: true });
    await first.createEntry({ parent: agent.id, path: workerPath, ttlSeconds });
    worker = cluster.startWorker(agent.address);
    cluster.startMaster(agent.address, first.trustDomain);
    await journal.until('patched', undefined, 0);
  }, startMs * 2);
  afterAll(async () => {
    await cluster.close();
    await site.close();
    await service.close();
    await place.close();
  }, startMs);

  test('have one root, and a CA each', async () => {
    expect(await first.bundle()).toBe(await second.bundle());
    expect(certificatesFrom(await first.bundle())).toHaveLength(1);
    expect(await first.activeAuthority()).not.toBe(await second.activeAuthority());
  });

  test(
    'are one to agents: one is killed, SVIDs are renewed by the other, and no seal is refused',
    async () => {
      const ofFirst = signedBy();
      service.pointTo(second.place);
      await first.kill();
      await beyondOneLife();
      expect(signedBy()).not.toBe(ofFirst);
      expect(journal.of('refused')).toEqual([]);
      expect(cluster.labels).toEqual({ [workerLabel]: String(cluster.round) });
    },
    longMs,
  );

  test(
    'go on when the primary of their database is killed and the standby takes its place',
    async () => {
      const { primary, standby, service: follows } = place.database;
      await primary.kill();
      await standby.sql('SELECT pg_promote()');
      follows.pointTo(standby.endpoint);
      await beyondOneLife();
      expect(journal.of('refused')).toEqual([]);
    },
    longMs,
  );

  test(
    'take new entries then, and a third one starts that is trusted at once',
    async () => {
      const third = await server();
      expect(await third.bundle()).toBe(await second.bundle());
      const agent = await site.agent(third);
      await third.createEntry({ parent: agent.id, path: 'vendor/demo/node-a', ttlSeconds });
      const { svids, bundles } = await untilContext(agent, (context) => context.svids.length > 0);
      expect(svids).toMatchObject([{ spiffeId: third.id('vendor/demo/node-a') }]);
      expect([...bundles.values()]).toEqual([certificatesFrom(await second.bundle())]);
    },
    longMs,
  );
});
