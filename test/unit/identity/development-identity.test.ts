import { stat } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { DevelopmentIdentity } from '../../../src/identity/development-identity.ts';
import { silentLog } from '../../../src/runtime/log.ts';
import { verifyX509Svid } from '../../../src/spiffe/verify-svid.ts';
import { WorkloadApiClient } from '../../../src/spiffe/workload-api/client.ts';
import { X509BundleSource, X509Source } from '../../../src/spiffe/workload-api/source.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const path = temporaryFolder();
const worker = 'spiffe://example.org/worker';
const master = 'spiffe://example.org/master';
const ttlMs = 60_000;

let clock: ManualClock;
let bundleChanges: number;
let identity: DevelopmentIdentity;
beforeEach(async () => {
  clock = new ManualClock();
  bundleChanges = 0;
  identity = await DevelopmentIdentity.create({
    trustDomain: 'example.org',
    svidTtlMs: ttlMs,
    clock,
    crypto: globalThis.crypto,
    log: silentLog,
    directory: path('sockets'),
    onBundlesChanged: () => (bundleChanges += 1),
  });
});
afterEach(() => identity.close());

function clientOf({ address }: { address: string }): WorkloadApiClient {
  return new WorkloadApiClient({ address, clock: new ManualClock() });
}

describe('the development identity', () => {
  test('serves each identity at its own socket', async () => {
    const served = [await identity.serve(worker, 'worker'), await identity.serve(master, 'master')];
    expect(served.map(({ address }) => address)).toEqual([
      `unix://${path('sockets/worker.sock')}`,
      `unix://${path('sockets/master.sock')}`,
    ]);
    for (const one of served) {
      const [svid] = await clientOf(one).fetchX509Svids();
      expect(svid?.spiffeId).toBe(one.spiffeId);
    }
  });

  test('rotates at half of the life, and what it gives verifies', async () => {
    const served = await identity.serve(worker);
    const source = await X509Source.create({ client: clientOf(served) });
    const bundles = await X509BundleSource.create({ client: clientOf(served) });
    for (let rotation = 1; rotation <= 3; rotation += 1) {
      const changed = new Promise((resolve) => source.onChange(() => resolve(undefined)));
      await clock.sleeping(ttlMs / 2);
      clock.advance(ttlMs / 2);
      await changed;
      const now = new Date(clock.now());
      expect(source.current()?.notAfter).toEqual(new Date(clock.now() + ttlMs));
      await verifyX509Svid({
        chain: source.current()?.chain ?? [],
        bundles: bundles.current() ?? new Map(),
        now,
      });
    }
    source.close();
    bundles.close();
  });

  test('tells the new root half a life of the CA before it is used', async () => {
    const served = await identity.serve(worker);
    const bundles = await X509BundleSource.create({ client: clientOf(served) });
    const changed = new Promise((resolve) => bundles.onChange(() => resolve(undefined)));
    await clock.sleeping(ttlMs / 2);
    clock.advance(12 * 3_600_000);
    await changed;
    expect(bundleChanges).toBe(1);
    await clock.sleeping(ttlMs / 2);
    expect(bundles.current()?.get('example.org')).toHaveLength(2);
    expect(bundles.current()).toEqual(identity.bundles());
    bundles.close();
  });

  test('issues for use in the same process', async () => {
    const { chain, key } = await identity.issue(worker);
    const now = new Date(clock.now());
    expect(await verifyX509Svid({ chain, bundles: identity.bundles(), now })).toMatchObject({
      spiffeId: worker,
    });
    expect(key.usages).toEqual(['sign']);
  });

  test('refuses an ID of another trust domain and makes no socket for it', async () => {
    await expect(identity.serve('spiffe://other.test/x')).rejects.toMatchObject({
      code: 'spiffe-id-invalid',
    });
    await expect(stat(path('sockets'))).rejects.toMatchObject({ code: 'ENOENT' });
  });

  test('takes every socket away when closed', async () => {
    const served = [await identity.serve(worker), await identity.serve(master)];
    await identity.close();
    for (const one of served) {
      await expect(clientOf(one).fetchX509Svids()).rejects.toMatchObject({
        code: 'workload-api-unavailable',
      });
    }
  });
});
