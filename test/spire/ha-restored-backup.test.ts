// The database of several servers, put back to what it was: what docs/ha.md says of it.
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { signNodeFeature } from '../../src/seal/sign.ts';
import { certificatesFrom } from '../../src/spiffe/pem.ts';
import { WorkloadApiClient } from '../../src/spiffe/workload-api/client.ts';
import { X509Source } from '../../src/spiffe/workload-api/source.ts';
import { ClusterCa } from '../cluster/credentials.ts';
import type { SpireAgent } from './harness/agent.ts';
import { Backup } from './harness/backup.ts';
import {
  Cluster,
  clusterName,
  vendorLabel,
  vendorObject,
  vendorPath,
  workerLabel,
  workerPath,
} from './harness/cluster.ts';
import type { SpireServer } from './harness/server.ts';
import { describeOnBoth, makeAuthority, SharedPlace } from './harness/shared-place.ts';
import { spireSite, startMs } from './harness/site.ts';
import { untilRoots, untilValue } from './harness/wait.ts';

const longMs = 180_000;
const ttlSeconds = 30;

describeOnBoth('the database of several servers, restored from a backup', () => {
  const site = spireSite();
  const cluster = new Cluster();
  const { journal } = cluster;
  let place: SharedPlace;
  let nodeCa: ClusterCa;
  let servers: readonly [SpireServer, SpireServer];
  let worker: ReturnType<Cluster['startWorker']>;
  let vendor: X509Source;
  const opened: { close(): unknown }[] = [];
  let vendorAgent: SpireAgent;
  let tokenAgent: SpireAgent;
  let bannedAgent: SpireAgent;
  /** Of an entry that is deleted after the backup. */
  let deleted: string;

  const agent = async (node: string): Promise<SpireAgent> =>
    site.agent(servers[0], { certificate: await nodeCa.user(node), allowUnauthenticatedVerifiers: true });

  beforeAll(async () => {
    const [old, next] = [await makeAuthority(), await makeAuthority()];
    place = await SharedPlace.start(old);
    opened.push(place, site);
    nodeCa = await ClusterCa.create();
    const server = async (): Promise<SpireServer> =>
      site.server({ nodeCa: nodeCa.pem, shared: await place.forServer() });
    servers = [await server(), await server()];
    const [first, second] = servers;
    const nodeAgent = await agent('node-a');
    bannedAgent = await agent('node-b');
    await first.createEntry({ parent: nodeAgent.id, path: workerPath, ttlSeconds });
    deleted = await first.createEntry({ parent: bannedAgent.id, path: 'gone', ttlSeconds });
    worker = cluster.startWorker(nodeAgent.address);
    const masterAgent = await agent('node-m');
    cluster.startMaster(masterAgent.address, first.trustDomain, { deletionGraceMs: 1_000 });
    await journal.until('patched', undefined, 0);

    const backup = await Backup.of(place.database.primary);

    await first.ban(bannedAgent.id);
    await bannedAgent.ended();
    await first.deleteEntry(deleted);
    // A new root, and all that it takes to have it everywhere.
    await place.mount(old, old, next);
    await second.prepareAuthority();
    for (const each of [nodeAgent, masterAgent]) await untilRoots(each, old.root, next.root);
    await place.mount(next, old, next);
    for (const each of servers) await again(each);
    await again(nodeAgent);
    await untilValue(worker.svids, ({ chain }) => signed(next.certificate, chain));
    await cluster.nextRound();
    // A node, its entry and its seal.
    vendorAgent = await agent('node-v');
    await first.createEntry({ parent: vendorAgent.id, path: vendorPath, ttlSeconds: 3600 });
    vendor = await X509Source.create({ client: new WorkloadApiClient(vendorAgent) });
    opened.push(vendor);
    const svid = await untilValue(vendor, () => true);
    const object = vendorObject({ [vendorLabel]: 'v2' });
    cluster.objects.put(await signNodeFeature(object, { svid, cluster: clusterName, now: new Date() }));
    await journal.until('patched', () => vendorLabel in cluster.labels, 0);
    tokenAgent = await site.agent(second);

    for (const each of servers) await each.kill();
    await backup.restore(place.database.primary);
    for (const each of servers) await each.startAgain();
  }, startMs * 3);
  afterAll(async () => {
    await cluster.close();
    for (const each of opened.toReversed()) await each.close();
  }, startMs);

  test(
    'agents attest anew by themselves: SVIDs are renewed, no seal is refused, no label goes',
    async () => {
      const { notAfter } = await untilValue(worker.svids, () => true);
      while (Date.now() <= notAfter.getTime()) await cluster.nextRound();
      expect(journal.of('refused')).toEqual([]);
      expect(journal.of('lapsed')).toEqual([]);
      expect(cluster.labels).toEqual({ [workerLabel]: String(cluster.round), [vendorLabel]: 'v2' });
    },
    longMs,
  );

  test('a root that came since is in the bundle again, for servers that start have it from the authority', async () => {
    expect(certificatesFrom(await servers[0].bundle())).toHaveLength(2);
  });

  test(
    'an entry that came since is lost, and its workload without an SVID until it is made again',
    async () => {
      while (vendor.lastError()?.code !== 'workload-api-denied') await cluster.nextRound();
      expect(vendor.current()).toBeUndefined();
      await servers[1].createEntry({ parent: vendorAgent.id, path: vendorPath, ttlSeconds: 3600 });
      await untilValue(vendor, () => true);
    },
    longMs,
  );

  test(
    'an agent that came since by a join token ends: its token was good once',
    async () => {
      expect(await tokenAgent.ended()).toContain('attestation method is not re-attestable');
    },
    longMs,
  );

  test(
    'a ban is undone, and an entry that was deleted is back',
    async () => {
      expect(await servers[0].entries()).toContain(deleted);
      expect((await agent('node-b')).id).toBe(bannedAgent.id);
    },
    longMs,
  );
});

/** As a pod that is deleted. */
async function again(program: SpireServer | SpireAgent): Promise<void> {
  await program.kill();
  await program.startAgain();
}

const signed = (by: string, chain: readonly Uint8Array[]): boolean =>
  certificatesFrom(by).some((der) => chain.some((each) => Buffer.compare(each, der) === 0));
