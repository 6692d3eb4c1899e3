import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, expect, test } from '@jest/globals';
import type { Authority } from '../../src/identity/authority.ts';
import type { KeyType } from '../../src/identity/key-type.ts';
import { WorkloadApiServer } from '../../src/identity/workload-api-server.ts';
import { WorkloadApiClient } from '../../src/spiffe/workload-api/client.ts';
import type { X509Context } from '../../src/spiffe/workload-api/context.ts';
import type { X509Svid } from '../../src/spiffe/types.ts';
import { hourMs, testAuthority } from '../support/identity.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { Queue } from '../support/queue.ts';
import { reasonOf } from '../support/reason.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { interopBin, Peer } from './peer.ts';
import { describeWithPeer } from './suite.ts';

const { crypto } = globalThis;
const path = temporaryFolder();
const run = promisify(execFile);
const base64 = (der: Uint8Array): string => Buffer.from(der).toString('base64');
const pkcs8 = async ({ key }: X509Svid): Promise<string> =>
  base64(new Uint8Array(await crypto.subtle.exportKey('pkcs8', key)));

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

function issue(authority: Authority, name: string, keyType: KeyType = 'ec-p256'): Promise<X509Svid> {
  const spiffeId = `spiffe://${authority.trustDomain}/${name}`;
  return authority.issue({ spiffeId, ttlMs: hourMs, keyType, hint: name });
}

describeWithPeer('our Workload API and the client of go-spiffe', () => {
  async function fetched(address: string): Promise<unknown> {
    const { stdout } = await run(join(interopBin ?? '', 'peer'), ['fetch', address]);
    return JSON.parse(stdout);
  }

  test.each([['ec-p256'], ['ec-p384'], ['rsa-2048']] as const)(
    'it gets chain, key, hint and bundles of an %s identity',
    async (keyType) => {
      const authority = await testAuthority({ intermediate: true });
      const svid = await issue(authority, 'a', keyType);
      const state = { svids: [svid], bundles: authority.bundles() };
      const server = await WorkloadApiServer.start({ socketPath: path('api.sock'), state, crypto });
      closing.push(() => server.close());
      expect(await fetched(server.address)).toEqual({
        svids: [
          {
            spiffeId: svid.spiffeId,
            hint: 'a',
            chain: svid.chain.map(base64),
            key: await pkcs8(svid),
          },
        ],
        bundles: { 'example.org': authority.bundle().map(base64) },
      });
    },
  );

  test('it is refused as SPIRE refuses who has no identity', async () => {
    const state = { svids: [], bundles: undefined };
    const server = await WorkloadApiServer.start({ socketPath: path('api.sock'), state, crypto });
    closing.push(() => server.close());
    await expect(fetched(server.address)).rejects.toThrow('PermissionDenied');
  });
});

describeWithPeer('our client and a Workload API on go-spiffe', () => {
  async function started(): Promise<{ peer: Peer; client: WorkloadApiClient }> {
    const address = `unix://${path('go.sock')}`;
    const peer = new Peer('serve', address);
    closing.push(() => peer.close());
    expect(await peer.line()).toBe('serving');
    return { peer, client: new WorkloadApiClient({ address, clock: new ManualClock() }) };
  }

  async function state(...svids: readonly X509Svid[]): Promise<object> {
    const told = svids.map(async (svid) => ({
      spiffeId: svid.spiffeId,
      hint: svid.hint,
      chain: svid.chain.map(base64),
      key: await pkcs8(svid),
      bundle: base64(Buffer.concat(svid.bundle)),
    }));
    return { svids: await Promise.all(told), bundles: {} };
  }

  test('it gets SVIDs, the bundle of their trust domain and federated ones', async () => {
    const [own, other] = [await testAuthority(), await testAuthority({ trustDomain: 'other.example' })];
    const [a, b] = [await issue(own, 'a'), await issue(own, 'b', 'rsa-2048')];
    const { peer, client } = await started();
    const bundles = { 'spiffe://other.example': other.bundle().map(base64) };
    peer.tell({ ...(await state(a, b)), bundles });
    const context = await client.fetchX509Context();
    expect(context.svids).toEqual([a, b].map((svid) => ({ ...svid, key: expect.anything() })));
    expect(context.bundles).toEqual(new Map([...own.bundles(), ...other.bundles()]));
    expect(await client.fetchX509Bundles()).toEqual(other.bundles());
  });

  test('it follows a rotation and a revocation', async () => {
    const authority = await testAuthority();
    const { peer, client } = await started();
    const seen = new Queue<X509Context>();
    const stop = new AbortController();
    const watching = client.watchX509Context((context) => seen.push(context), stop.signal);
    closing.push(() => {
      stop.abort();
      return watching;
    });
    for (const name of ['first', 'second']) {
      peer.tell(await state(await issue(authority, name)));
      expect((await seen.next()).svids.map(({ hint }) => hint)).toEqual([name]);
    }
    peer.tell({ svids: [], bundles: {} });
    expect((await seen.next()).svids).toEqual([]);
  });

  test('it refuses an SVID with the key of another', async () => {
    const authority = await testAuthority();
    const [a, b] = [await issue(authority, 'a'), await issue(authority, 'b')];
    const { peer, client } = await started();
    peer.tell(await state({ ...a, key: b.key }));
    expect(await reasonOf(() => client.fetchX509Context())).toBe('key-mismatch');
  });
});
