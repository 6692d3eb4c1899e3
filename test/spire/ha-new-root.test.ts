// The root of several servers is replaced as docs/ha.md tells it, and once in the wrong order.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import 'reflect-metadata';
import * as x509 from '@peculiar/x509';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { signNodeFeature } from '../../src/seal/sign.ts';
import { certificatesFrom } from '../../src/spiffe/pem.ts';
import type { X509Svid } from '../../src/spiffe/types.ts';
import { WorkloadApiClient } from '../../src/spiffe/workload-api/client.ts';
import { X509Source } from '../../src/spiffe/workload-api/source.ts';
import { ClusterCa } from '../cluster/credentials.ts';
import { Service } from '../ha/harness/service.ts';
import type { AgentOptions, SpireAgent } from './harness/agent.ts';
import {
  Cluster,
  clusterName,
  vendorKey,
  vendorLabel,
  vendorObject,
  vendorPath,
  workerKey,
  workerLabel,
  workerPath,
} from './harness/cluster.ts';
import type { SpireServer } from './harness/server.ts';
import {
  describeOnBoth,
  haPage,
  makeAuthority,
  SharedPlace,
  type Authority,
} from './harness/shared-place.ts';
import { spireSite, startMs } from './harness/site.ts';
import { untilRoots, untilValue } from './harness/wait.ts';

const longMs = 180_000;
/** Nothing is renewed because it grows old; short, for the worker spreads its seals after a rotation over a tenth. */
const ttlSeconds = 300;
const askAgainMs = 100;

describeOnBoth('the root of several servers is replaced', () => {
  const site = spireSite();
  const cluster = new Cluster();
  const { journal } = cluster;
  let old: Authority;
  let next: Authority;
  let place: SharedPlace;
  let servers: readonly [SpireServer, SpireServer];
  /** The way of the master's agent to the servers. */
  let masterService: Service;
  let nodeAgent: SpireAgent;
  let vendorAgent: SpireAgent;
  let masterAgent: SpireAgent;
  let masterOptions: AgentOptions;
  let folder: string;
  let worker: ReturnType<Cluster['startWorker']>;
  const opened: { close(): unknown }[] = [];

  const agents = (): readonly SpireAgent[] => [nodeAgent, vendorAgent, masterAgent];
  /** A master whose agent is away judges nothing, and says so. */
  const refusals = () => journal.of('refused').filter(({ code }) => code !== 'workload-api-unavailable');
  const signedBy = ({ chain }: X509Svid, { certificate }: Authority): boolean =>
    certificatesFrom(certificate).some((der) => same(der, chain.at(-1)));
  /** As a pod that is deleted: a server has a new CA of whoever signs then, an agent attests anew. */
  async function anew(...programs: readonly (SpireServer | SpireAgent)[]): Promise<void> {
    for (const program of programs) {
      await program.kill();
      await program.startAgain();
    }
  }

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fs-'));
    [old, next] = [await makeAuthority(), await makeAuthority()];
    place = await SharedPlace.start(old);
    opened.push(place, site);
    const nodeCa = await ClusterCa.create();
    const server = async (): Promise<SpireServer> =>
      site.server({ nodeCa: nodeCa.pem, shared: await place.forServer() });
    servers = [await server(), await server()];
    const [first, second] = servers;
    const at = { host: first.place.host, port: 9081 };
    const masterAt = { host: first.place.host, port: 9082 };
    opened.push(await Service.start(at, first.place));
    masterService = await Service.start(masterAt, second.place);
    const options = async (name: string): Promise<AgentOptions> => ({
      at,
      certificate: await nodeCa.user(name),
      allowUnauthenticatedVerifiers: true,
    });
    nodeAgent = await site.agent(first, await options('node-a'));
    vendorAgent = await site.agent(first, await options('node-b'));
    masterOptions = {
      ...(await options('node-c')),
      at: masterAt,
      socketPath: join(folder, 'agent.sock'),
    };
    masterAgent = await site.agent(second, masterOptions);
    await first.createEntry({ parent: nodeAgent.id, path: workerPath, ttlSeconds });
    await first.createEntry({ parent: vendorAgent.id, path: vendorPath, ttlSeconds });
    worker = cluster.startWorker(nodeAgent.address);
    cluster.startMaster(masterAgent.address, first.trustDomain, { deletionGraceMs: 1_000 });
    await journal.until('patched', undefined, 0);
  }, startMs * 2);
  afterAll(async () => {
    await cluster.close();
    for (const each of opened.toReversed()) await each.close();
    await masterService.close();
    await rm(folder, { recursive: true });
  }, startMs);

  test(
    'while ca.crt lacks it, servers sign by the old one, and a server does not start',
    async () => {
      await place.mount(next, old);
      const prepared = await servers[0].prepareAuthority();
      expect(prepared.signedBy).toBe(keyId(old.certificate));
      const third = site.server({ shared: await place.forServer() });
      await expect(third).rejects.toThrow('certificate cannot be validated with the provided bundle');
    },
    longMs,
  );

  test(
    'both in ca.crt, servers made anew: all know both',
    async () => {
      await place.mount(old, old, next);
      await anew(...servers);
      for (const agent of agents()) await untilRoots(agent, old.root, next.root);
      expect(certificatesFrom(await servers[1].bundle())).toHaveLength(2);
    },
    longMs,
  );

  test(
    'each server signs by it: what is sealed so is accepted at once, and what was sealed by the old one too',
    async () => {
      await place.mount(next, old, next);
      const prepared = await servers[0].prepareAuthority();
      expect(prepared.signedBy).toBe(keyId(next.certificate));
      await servers[0].changeAuthority('activate', prepared.id);
      await anew(servers[1]);

      await anew(vendorAgent);
      const vendor = await X509Source.create({ client: new WorkloadApiClient(vendorAgent) });
      opened.push(vendor);
      const svid = await untilValue(vendor, () => true);
      expect(signedBy(svid, next)).toBe(true);
      const object = vendorObject({ [vendorLabel]: 'v2' });
      cluster.objects.put(await signNodeFeature(object, { svid, cluster: clusterName, now: new Date() }));
      await journal.until('verified', ({ key }) => key === vendorKey, 0);

      await cluster.nextRound();
      expect(signedBy(worker.svids.current()!, old)).toBe(true);
      expect(cluster.labels).toEqual({ [workerLabel]: String(cluster.round), [vendorLabel]: 'v2' });
      expect(refusals()).toEqual([]);
    },
    longMs,
  );

  test.each([
    ['taint', 'root', "upstream authority didn't sign the old local authority"],
    ['taint', 'certificate', 'no ca found with provided subject key ID'],
    ['revoke', 'root', "upstream authority didn't sign the old local authority"],
    ['revoke', 'certificate', 'no root CA found with provided subject key ID'],
  ] as const)('SPIRE has no command that takes the old one out: %s its %s', async (action, which, why) => {
    const tried = servers[0].changeUpstreamAuthority(action, keyId(old[which]));
    await expect(tried).rejects.toThrow(why);
  });

  test(
    'with servers and agents made anew all is signed by the new one; without its row the old one is gone, and no label',
    async () => {
      const from = journal.entries.length;
      await anew(...servers, ...agents());
      await untilValue(worker.svids, (svid) => signedBy(svid, next));
      await journal.until('published', ({ reason }) => reason === 'svid-rotated', from);
      await journal.until('verified', ({ key }) => key === workerKey, from);

      await place.mount(next, next);
      await anew(...servers);
      expect(certificatesFrom(await servers[0].bundle())).toHaveLength(2);
      const [statement = ''] = /DELETE FROM bundles WHERE .*?'spiffe:[^']*'/.exec(await haPage()) ?? [];
      await place.database.primary.sql(statement, 'spire');
      await servers[0].prepareAuthority();
      for (const agent of agents()) await untilRoots(agent, next.root);
      await cluster.nextRound();
      expect(refusals()).toEqual([]);
      expect(journal.of('lapsed')).toEqual([]);
      expect(cluster.labels).toEqual({ [workerLabel]: String(cluster.round), [vendorLabel]: 'v2' });
    },
    longMs,
  );

  test(
    'in the wrong order the agent of the master is left behind: seals wait, labels stay, until it is made anew',
    async () => {
      const hasty = await makeAuthority();
      await masterService.close();
      await place.mount(hasty, next, hasty);
      await anew(servers[1]);
      await untilRoots(nodeAgent, next.root, hasty.root);
      await anew(servers[0]);
      const from = journal.entries.length;
      const before = cluster.labels;
      await anew(nodeAgent);
      await untilValue(worker.svids, (svid) => signedBy(svid, hasty));
      // Both roots have the same name, so it is tried.
      await journal.until('refused', ({ code }) => code === 'certificate-signature', from);
      cluster.round += 1;
      await journal.until('refused');

      const { host, port } = masterOptions.at!;
      masterService = await Service.start({ host, port }, servers[1].place);
      // No event tells of it.
      while (!(await masterAgent.endOfLog()).includes("Trust Bundle and Server don't agree"))
        await setTimeout(askAgainMs);
      expect(cluster.labels).toEqual(before);
      expect(journal.of('lapsed')).toEqual([]);

      await masterAgent.close();
      const back = journal.entries.length;
      await site.agent(servers[1], masterOptions);
      await journal.until('verified', ({ key }) => key === workerKey, back);
      await cluster.nextRound();
    },
    longMs,
  );
});

const same = (one: Uint8Array, other: Uint8Array | undefined): boolean =>
  other !== undefined && Buffer.compare(one, other) === 0;

/** Subject key identifier, as SPIRE writes it. */
function keyId(pem: string): string {
  const certificate = new x509.X509Certificate(pem);
  return certificate.getExtension(x509.SubjectKeyIdentifierExtension)?.keyId ?? '';
}
