import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { NodeFeature } from '../../src/feature/node-feature.ts';
import type { SpireAgent } from './harness/agent.ts';
import {
  Cluster,
  clusterName,
  vendorKey,
  vendorLabel,
  vendorObject,
  vendorPath,
  workerPath,
} from './harness/cluster.ts';
import type { SpireServer } from './harness/server.ts';
import { describeOnSpire, spireSite, startMs } from './harness/site.ts';

const longMs = 120_000;
/** Some user that is not us. */
const vendorUid = 23456;
const strangerUid = 23457;
/** Only root may run a process of another user. */
const testAsRoot = process.getuid?.() === 0 ? test : test.skip;

describeOnSpire('a third party with an SVID of its own', () => {
  const site = spireSite();
  const cluster = new Cluster();
  const { journal } = cluster;
  let server: SpireServer;
  let agent: SpireAgent;

  beforeAll(async () => {
    server = await site.server();
    agent = await site.agent(server, { allowUnauthenticatedVerifiers: true });
    await server.createEntry({ parent: agent.id, path: vendorPath, ttlSeconds: 3600, uid: vendorUid });
    await server.createEntry({ parent: agent.id, path: workerPath, ttlSeconds: 3600 });
    cluster.startMaster(agent.address, server.trustDomain);
    cluster.startWorker(agent.address);
    await journal.until('patched', undefined, 0);
  }, startMs);
  afterAll(() => cluster.close());

  const sign = (uid: number, object: NodeFeature): Promise<Run> =>
    runAs(uid, ['sign', '-', '--cluster', clusterName, '--socket', agent.address], JSON.stringify(object));

  testAsRoot(
    'seals with "featureseal sign --socket", and its label joins the worker\'s',
    async () => {
      const from = journal.entries.length;
      const { status, out, err } = await sign(vendorUid, vendorObject({ [vendorLabel]: 'v2' }));
      expect({ status, err }).toEqual({ status: 0, err: '' });
      cluster.objects.put(JSON.parse(out) as NodeFeature);
      await journal.until('verified', ({ signer }) => signer === server.id(vendorPath), from);
      await journal.until('patched', undefined, from);
      expect(cluster.labels).toMatchObject({ [vendorLabel]: 'v2' });
    },
    longMs,
  );

  testAsRoot(
    'is refused what its entry in the policy does not grant',
    async () => {
      const from = journal.entries.length;
      const { out } = await sign(
        vendorUid,
        vendorObject({ 'feature.node.kubernetes.io/gpu.present': 'true' }),
      );
      cluster.objects.put(JSON.parse(out) as NodeFeature);
      const { key, code } = await journal.until('refused', undefined, from);
      expect({ key, code }).toEqual({ key: vendorKey, code: 'label-not-granted' });
    },
    longMs,
  );

  testAsRoot(
    'a user without an entry gets nothing to sign with',
    async () => {
      const { status, err } = await sign(strangerUid, vendorObject({ [vendorLabel]: 'v3' }));
      expect(status).toBe(1);
      expect(err).toMatch(/^featureseal: \[workload-api-denied\] .*PERMISSION_DENIED: no identity issued/);
    },
    longMs,
  );
});

interface Run {
  readonly status: number;
  readonly out: string;
  readonly err: string;
}

/** A command line of another unix user: that is all that tells the agent who asks. */
async function runAs(uid: number, args: readonly string[], input: string): Promise<Run> {
  const script = join(import.meta.dirname, 'harness/run-as.ts');
  const child = spawn(process.execPath, [script, String(uid), ...args], { stdio: 'pipe' });
  child.stdin.end(input);
  const [out, err, [status]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'exit') as Promise<[number]>,
  ]);
  return { status, out, err };
}
