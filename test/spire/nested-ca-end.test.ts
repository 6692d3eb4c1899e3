// A site that is cut off for longer than the CA of its server lives: what `featureseal ttl` and docs/topologies.md say of it.
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { X509Certificate } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { X509Svid } from '../../src/port/svid-source.ts';
import { ClusterCa } from '../cluster/credentials.ts';
import type { Credentials } from '../cluster/api-client.ts';
import type { AgentOptions, SpireAgent } from './harness/agent.ts';
import { Cluster, workerKey, workerLabel, workerPath } from './harness/cluster.ts';
import type { SpireServer } from './harness/server.ts';
import { describeOnSpire, spireSite, startMs } from './harness/site.ts';
import { untilValue } from './harness/wait.ts';

const longMs = 240_000;
/** Of the CA at the site. Half of it is sure when the link is cut, and a busy machine starts all within the other half. */
const caTtl = '90s';
const svidTtlSeconds = 30;
/** Both the server and its agents ask ever more seldom while nobody answers, up to some two minutes. */
const comesBackWithinMs = 200_000;

const endOf = (der: Uint8Array | undefined): number => Date.parse(new X509Certificate(der ?? '').validTo);
const ending = ({ chain: [leaf, ca] }: X509Svid): { readonly leaf: number; readonly ca: number } => ({
  leaf: endOf(leaf),
  ca: endOf(ca),
});

describeOnSpire('a nested server whose CA ends while the one above is away', () => {
  const site = spireSite();
  const cluster = new Cluster();
  const { journal } = cluster;
  let folder: string;
  let root: SpireServer;
  let nested: SpireServer;
  let node: Credentials;
  let agent: SpireAgent;
  let worker: ReturnType<Cluster['startWorker']>;
  /** Where the journal stood when the link was cut. */
  let cut: number;
  /** The last one with which the site still sealed. */
  let last: X509Svid;

  /** As its DaemonSet starts it, again and again: the same certificate, the same socket. */
  const nodeAgent = (): AgentOptions => ({
    certificate: node,
    socketPath: join(folder, 'agent.sock'),
    allowUnauthenticatedVerifiers: true,
  });

  /** Since then; a master without bundles judges nothing, and says so. */
  const refusals = () => journal.of('refused', cut).filter(({ code }) => code !== 'workload-api-unavailable');

  const lostAgent = ({ who, code }: { readonly who: string; readonly code: unknown }): boolean =>
    who === 'worker' && code === 'workload-api-unavailable';

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fs-'));
    const nodeCa = await ClusterCa.create();
    node = await nodeCa.user('node-a');
    root = await site.server({ keysOnDisk: true });
    const upstreamAgent = await site.agent(root);
    await root.createEntry({ parent: upstreamAgent.id, path: 'nested', ttlSeconds: 3600, downstream: true });
    const upstream = { server: root, socketPath: upstreamAgent.socketPath };
    nested = await site.server({ upstream, keysOnDisk: true, nodeCa: nodeCa.pem, caTtl });

    agent = await site.agent(nested, nodeAgent());
    await nested.createEntry({ parent: agent.id, path: workerPath, ttlSeconds: svidTtlSeconds });
    worker = cluster.startWorker(agent.address);
    // What is not verified is lost after a second, so labels that stay do so for another reason.
    cluster.startMaster(agent.address, nested.trustDomain, { deletionGraceMs: 1000, maxAgeMs: 20_000 });
    await journal.until('patched', undefined, 0);
    // Five seconds after its start, of which it tells nothing, a nested server asks for the bundle of the one above.
    const first = await untilValue(worker.svids, () => true);
    await untilValue(worker.svids, (svid) => svid !== first);
    cut = journal.entries.length;
    await root.kill();
  }, startMs);
  afterAll(async () => {
    await cluster.close();
    await rm(folder, { recursive: true, force: true });
  });

  test(
    'SVIDs end with the CA at last, and until then labels follow',
    async () => {
      last = await untilValue(worker.svids, (svid) => ending(svid).leaf >= ending(svid).ca);
      expect(ending(last).leaf).toBe(ending(last).ca);
      await cluster.nextRound();
      expect(refusals()).toEqual([]);
      expect(journal.of('waiting', cut)).toEqual([]);
    },
    longMs,
  );

  test(
    'then the agent ends and the worker waits; labels stay, stale is told',
    async () => {
      const before = cluster.labels;
      const from = journal.entries.length;
      expect(await agent.ended()).toContain('Agent crashed');
      expect(Date.now()).toBeGreaterThanOrEqual(ending(last).ca);

      cluster.round += 1;
      await journal.until('waiting', undefined, from);
      await journal.until('workload-api-failed', lostAgent, from);
      await journal.until('stale', ({ key, stale }) => key === workerKey && stale, from);
      expect(cluster.labels).toEqual(before);
      expect(journal.of('lapsed')).toEqual([]);
      expect(refusals()).toEqual([]);
    },
    longMs,
  );

  test(
    'and with the link all is as before: a new CA, agents that attest, seals',
    async () => {
      const from = journal.entries.length;
      await root.startAgain();
      agent = await site.agent(nested, { ...nodeAgent(), readyWithinMs: comesBackWithinMs });
      const { leaf, ca } = ending(
        await untilValue(worker.svids, (svid) => ending(svid).ca > ending(last).ca),
      );
      expect(leaf).toBeLessThanOrEqual(ca);
      await journal.until('stale', ({ key, stale }) => key === workerKey && !stale, from);
      expect(cluster.labels).toEqual({ [workerLabel]: String(cluster.round) });
      await cluster.nextRound();
      expect(refusals()).toEqual([]);
    },
    longMs,
  );
});
