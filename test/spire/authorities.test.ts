import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { markAnnotation } from '../../src/seal/mark.ts';
import { signNodeFeature } from '../../src/seal/sign.ts';
import type { X509Bundles, X509Svid } from '../../src/spiffe/types.ts';
import { verifyX509Svid } from '../../src/spiffe/verify-svid.ts';
import { WorkloadApiClient } from '../../src/spiffe/workload-api/client.ts';
import { X509BundleSource, X509Source } from '../../src/spiffe/workload-api/source.ts';
import {
  Cluster,
  clusterName,
  nodeName,
  vendorKey,
  vendorLabel,
  vendorObject,
  vendorPath,
  workerKey,
  workerLabel,
  workerPath,
} from './harness/cluster.ts';
import type { SpireServer } from './harness/server.ts';
import { describeOnSpire, spireSite, startMs } from './harness/site.ts';
import { untilValue } from './harness/wait.ts';

const longMs = 180_000;
const workerTtlSeconds = 40;

/** The vendor seals once and never again; the worker seals whenever its SVID changes. */
describeOnSpire('a CA is replaced: prepared, activated, the old one tainted and revoked', () => {
  const site = spireSite();
  const cluster = new Cluster();
  const { journal } = cluster;
  let server: SpireServer;
  let worker: ReturnType<Cluster['startWorker']>;
  let vendor: X509Source;
  let bundles: X509BundleSource;
  let oldRoot: Uint8Array;
  let newRoot: Uint8Array;
  let oldAuthority: string;
  let newAuthority: string;

  beforeAll(async () => {
    server = await site.server();
    const nodeAgent = await site.agent(server);
    const vendorAgent = await site.agent(server);
    const masterAgent = await site.agent(server, { allowUnauthenticatedVerifiers: true });
    await server.createEntry({ parent: nodeAgent.id, path: workerPath, ttlSeconds: workerTtlSeconds });
    await server.createEntry({ parent: vendorAgent.id, path: vendorPath, ttlSeconds: 3600 });
    oldAuthority = await server.activeAuthority();

    bundles = await X509BundleSource.create({ client: new WorkloadApiClient(masterAgent) });
    [oldRoot = new Uint8Array()] = rootsIn(bundles.current());
    vendor = await X509Source.create({ client: new WorkloadApiClient(vendorAgent) });
    await sealOnce(vendor.current());
    worker = cluster.startWorker(nodeAgent.address);
    cluster.startMaster(masterAgent.address, server.trustDomain, { deletionGraceMs: 1_000 });
    await journal.until('patched', () => Object.keys(cluster.labels).length === 2, 0);
  }, startMs);
  afterAll(async () => {
    bundles.close();
    vendor.close();
    await cluster.close();
  });

  async function sealOnce(svid: X509Svid | undefined): Promise<void> {
    if (svid === undefined) throw new TypeError('there is no SVID');
    const object = vendorObject({ [vendorLabel]: 'v2' });
    cluster.objects.put(await signNodeFeature(object, { svid, cluster: clusterName, now: new Date() }));
  }
  const rootsIn = (all: X509Bundles | undefined) => all?.get(server.trustDomain) ?? [];
  const untilRoots = async (count: number) =>
    rootsIn(await untilValue(bundles, (all) => rootsIn(all).length === count));
  const issuedBy = (root: Uint8Array, svid: X509Svid) => isIssuedBy(root, svid, server);
  /** SPIRE tells the same SVID again whenever the bundle changes: only its issuer tells that it is another one. */
  async function untilIssuedBy(root: Uint8Array, source: X509Source): Promise<X509Svid> {
    let svid = source.current()!;
    while (!(await issuedBy(root, svid))) {
      const seen = svid;
      svid = await untilValue(source, (next) => next !== seen);
    }
    return svid;
  }

  test(
    'prepared: in the bundle, and it signs nothing yet',
    async () => {
      newAuthority = (await server.prepareAuthority()).id;
      [newRoot = new Uint8Array()] = (await untilRoots(2)).filter(
        (root) => Buffer.compare(root, oldRoot) !== 0,
      );
      expect(await issuedBy(oldRoot, worker.svids.current()!)).toBe(true);
    },
    longMs,
  );

  test(
    'activated: the next SVID comes from it, is sealed with and verified',
    async () => {
      const from = journal.entries.length;
      await server.changeAuthority('activate', newAuthority);
      const svid = await untilIssuedBy(newRoot, worker.svids);
      await journal.until('published', ({ reason }) => reason === 'svid-rotated', from);
      await journal.until('verified', ({ key }) => key === workerKey, from);
      expect(await issuedBy(oldRoot, svid)).toBe(false);
    },
    longMs,
  );

  test(
    'tainted: SVIDs of the old one are replaced at once, and what they sealed still counts',
    async () => {
      await server.changeAuthority('taint', oldAuthority);
      // Long before half of its hour.
      await untilIssuedBy(newRoot, vendor);
      expect(rootsIn(bundles.current())).toHaveLength(2);
      expect(cluster.labels).toEqual({ [workerLabel]: '1', [vendorLabel]: 'v2' });
      expect(journal.of('refused')).toEqual([]);
    },
    longMs,
  );

  test(
    'revoked: what was sealed under it is withdrawn after the grace, the rest stays',
    async () => {
      const from = journal.entries.length;
      await server.changeAuthority('revoke', oldAuthority);
      expect(await untilRoots(1)).toEqual([newRoot]);
      await journal.until('lapsed', ({ key }) => key === vendorKey, from);
      await journal.until('patched', () => !(vendorLabel in cluster.labels), from);
      expect(cluster.labels).toEqual({ [workerLabel]: '1' });
      expect(journal.of('refused').map(({ key, code }) => [key, code])).toEqual([
        [vendorKey, 'path-not-found'],
      ]);

      const mark = cluster.nodes.get(nodeName)?.annotations[markAnnotation] ?? '{}';
      expect(JSON.parse(mark)).toMatchObject({ objects: { [vendorKey]: { signer: server.id(vendorPath) } } });
      expect(JSON.parse(mark)).not.toMatchObject({
        objects: { [vendorKey]: { digest: expect.any(String) } },
      });
    },
    longMs,
  );
});

function isIssuedBy(root: Uint8Array, { chain }: X509Svid, { trustDomain }: SpireServer): Promise<boolean> {
  return verifyX509Svid({ chain, bundles: new Map([[trustDomain, [root]]]), now: new Date() }).then(
    () => true,
    () => false,
  );
}
