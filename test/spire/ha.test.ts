// Two servers as overlay `ha` has them: its connection string and its upstream authority, on a real PostgreSQL.
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { certificatesFrom } from '../../src/spiffe/pem.ts';
import { startDatabase, type Database } from '../ha/harness/database.ts';
import { roomCommand } from '../ha/harness/room.ts';
import { Service } from '../ha/harness/service.ts';
import { pluginBlock } from '../ha/harness/shipped.ts';
import { ownHost, postgresSkipReason } from '../ha/harness/suite.ts';
import { Cluster, workerLabel, workerPath } from './harness/cluster.ts';
import type { SpireServer } from './harness/server.ts';
import { describeOnSpire, spireSite, startMs } from './harness/site.ts';
import { untilContext, untilValue } from './harness/wait.ts';

const longMs = 240_000;
const ttlSeconds = 30;
const page = join(import.meta.dirname, '../../docs/ha.md');

/** Carries out what docs/ha.md says about the authority. */
async function makeAuthority(folder: string): Promise<void> {
  const [, commands = ''] = /```sh\n(openssl[^]*?)```/.exec(await readFile(page, 'utf8')) ?? [];
  await promisify(execFile)('sh', ['-euc', commands], { cwd: folder });
}

const describeOnBoth = postgresSkipReason === undefined ? describeOnSpire : describe.skip;

describeOnBoth('two SPIRE servers on one database', () => {
  const site = spireSite();
  const cluster = new Cluster();
  const { journal } = cluster;
  const folders: string[] = [];
  /** With the authority's files. */
  let upstream: string;
  let database: Database;
  let first: SpireServer;
  let second: SpireServer;
  let service: Service;
  let worker: ReturnType<Cluster['startWorker']>;

  async function folder(): Promise<string> {
    const made = await mkdtemp(join(tmpdir(), 'fs-ha-'));
    folders.push(made);
    return made;
  }

  async function server(): Promise<SpireServer> {
    const { hosts, caFolder, password, shipped } = database;
    const mounts = { '/run/spire/database': caFolder, '/run/spire/upstream': upstream };
    return site.server({
      shared: {
        dataStore: pluginBlock(shipped.serverConf, 'DataStore'),
        upstreamAuthority: pluginBlock(shipped.serverConf, 'UpstreamAuthority'),
        within: await roomCommand({ folder: await folder(), hosts, mounts }),
        env: { PGPASSWORD: password },
      },
    });
  }

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
    upstream = await folder();
    await makeAuthority(upstream);
    database = await startDatabase(ownHost());
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
    await database.close();
    for (const each of folders) await rm(each, { recursive: true });
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
      await database.primary.kill();
      await database.standby.sql('SELECT pg_promote()');
      database.service.pointTo(database.standby.endpoint);
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
