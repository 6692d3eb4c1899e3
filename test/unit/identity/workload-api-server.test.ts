import { lstat, mkdir, rename, stat, writeFile } from 'node:fs/promises';
import { once } from 'node:events';
import { connect, type Settings } from 'node:http2';
import { connect as socketTo, createServer } from 'node:net';
import { Client, credentials, Metadata, type ServiceError } from '@grpc/grpc-js';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Authority } from '../../../src/identity/authority.ts';
import { WorkloadApiServer } from '../../../src/identity/workload-api-server.ts';
import type { WorkloadState } from '../../../src/identity/wire.ts';
import type { X509Context } from '../../../src/spiffe/workload-api/context.ts';
import { WorkloadApiClient } from '../../../src/spiffe/workload-api/client.ts';
import { hourMs, testAuthority } from '../../support/identity.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { Queue } from '../../support/queue.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const { crypto } = globalThis;
const path = temporaryFolder();

let authority: Authority;
beforeAll(async () => {
  authority = await testAuthority();
});

async function stateOf(...names: string[]): Promise<WorkloadState> {
  const issue = (name: string) =>
    authority.issue({ spiffeId: `spiffe://example.org/${name}`, ttlMs: hourMs, hint: name });
  return { svids: await Promise.all(names.map(issue)), bundles: authority.bundles() };
}

const nobody: WorkloadState = { svids: [], bundles: undefined };

let server: WorkloadApiServer;
let stop: AbortController;
beforeEach(() => {
  stop = new AbortController();
});
afterEach(async () => {
  stop.abort();
  await server.close();
});

async function serve(state: WorkloadState): Promise<WorkloadApiClient> {
  server = await WorkloadApiServer.start({ socketPath: path('api.sock'), state, crypto });
  return new WorkloadApiClient({ address: server.address, clock: new ManualClock() });
}

function names({ svids }: X509Context): string {
  return svids.map(({ hint }) => hint).join();
}

describe('the Workload API server', () => {
  test('gives SVIDs with their keys, and bundles', async () => {
    const state = await stateOf('a', 'b');
    const client = await serve(state);
    const context = await client.fetchX509Context();
    expect(context.svids).toEqual(state.svids.map((svid) => ({ ...svid, key: expect.anything() })));
    expect(context.bundles).toEqual(authority.bundles());
    expect(await client.fetchX509Bundles()).toEqual(authority.bundles());
  });

  test('tells open streams every change, and refuses from the moment of revocation', async () => {
    const client = await serve(await stateOf('a'));
    const updates = new Queue<string>();
    void client.watchX509Context((context) => updates.push(names(context)), stop.signal);
    expect(await updates.next()).toBe('a');
    server.publish(await stateOf('a', 'b'));
    expect(await updates.next()).toBe('a,b');
    server.publish(nobody);
    expect(await updates.next()).toBe('');
    await expect(client.fetchX509Svids()).rejects.toMatchObject({ code: 'workload-api-denied' });
  });

  test('never loses the last of many changes', async () => {
    const client = await serve(await stateOf('0'));
    const updates = new Queue<string>();
    void client.watchX509Context((context) => updates.push(names(context)), stop.signal);
    expect(await updates.next()).toBe('0');
    const states = await Promise.all(Array.from({ length: 20 }, (_, n) => stateOf(String(n + 1))));
    for (const state of states) server.publish(state);
    while ((await updates.next()) !== '20');
  });

  test('is silent on a stream of bundles while they stay the same, whatever the SVIDs do', async () => {
    const client = await serve(await stateOf('a'));
    const svids = new Queue<string>();
    const bundles = new Queue<number>();
    void client.watchX509Context((context) => svids.push(names(context)), stop.signal);
    void client.watchX509Bundles((all) => bundles.push(all.size), stop.signal);
    expect([await svids.next(), await bundles.next()]).toEqual(['a', 1]);
    const renewed = await stateOf('b');
    server.publish(renewed);
    expect(await svids.next()).toBe('b');
    server.publish({ ...renewed, bundles: new Map([...authority.bundles(), ['partner.example', []]]) });
    expect(await bundles.next()).toBe(2);
  });

  test('gives bundles to who has no identity', async () => {
    const client = await serve({ svids: [], bundles: authority.bundles() });
    expect(await client.fetchX509Bundles()).toEqual(authority.bundles());
    await expect(client.fetchX509Svids()).rejects.toMatchObject({
      code: 'workload-api-denied',
      message: expect.stringContaining('no identity issued'),
    });
  });

  test('gives nothing to nobody', async () => {
    const client = await serve(nobody);
    await expect(client.fetchX509Bundles()).rejects.toMatchObject({ code: 'workload-api-denied' });
  });

  test.each([
    ['without the security header', []],
    ['with another value in it', ['True']],
    ['with it twice', ['true', 'true']],
  ])('refuses a request %s', async (_, values) => {
    await serve(await stateOf('a'));
    expect(await plainCall(server.address, values)).toMatchObject({
      code: 3,
      details: 'security header missing from request',
    });
  });
});

describe('its socket', () => {
  test('is for owner and group, in a new folder for the owner alone', async () => {
    server = await WorkloadApiServer.start({ socketPath: path('new/api.sock'), state: nobody, crypto });
    expect((await stat(path('new/api.sock'))).mode & 0o777).toBe(0o660);
    expect((await stat(path('new'))).mode & 0o777).toBe(0o700);
  });

  test('replaces one that nobody serves any more', async () => {
    await staleSocket(path('api.sock'));
    const client = await serve({ svids: [], bundles: authority.bundles() });
    expect(await client.fetchX509Bundles()).toEqual(authority.bundles());
  });

  test('does not take the place of one that is served', async () => {
    const client = await serve({ svids: [], bundles: authority.bundles() });
    await expect(
      WorkloadApiServer.start({ socketPath: path('api.sock'), state: nobody, crypto }),
    ).rejects.toMatchObject({ code: 'already-exists' });
    expect(await client.fetchX509Bundles()).toEqual(authority.bundles());
  });

  test('does not take the place of a file or a folder', async () => {
    await serve(nobody);
    await writeFile(path('file'), 'precious');
    await mkdir(path('folder'));
    for (const name of ['file', 'folder']) {
      await expect(
        WorkloadApiServer.start({ socketPath: path(name), state: nobody, crypto }),
      ).rejects.toMatchObject({ code: 'already-exists' });
      await lstat(path(name));
    }
  });

  test('needs a folder and a path that sockets can have', async () => {
    await serve(nobody);
    await writeFile(path('file'), '');
    await expect(
      WorkloadApiServer.start({ socketPath: path('file/api.sock'), state: nobody, crypto }),
    ).rejects.toMatchObject({ code: 'file-unwritable' });
    await expect(
      WorkloadApiServer.start({ socketPath: path('a'.repeat(100)), state: nobody, crypto }),
    ).rejects.toMatchObject({ code: 'socket-invalid' });
  });

  test('carries a bounded number of streams on a connection: no pod exhausts what all pods share', async () => {
    await serve(nobody);
    const session = connect('http://localhost', { createConnection: () => socketTo(path('api.sock')) });
    const [settings] = (await once(session, 'remoteSettings')) as [Settings];
    session.destroy();
    expect(settings.maxConcurrentStreams).toBe(128);
  });

  test('is gone after close, and close may be called twice', async () => {
    await serve(nobody);
    await server.close();
    await server.close();
    await expect(lstat(path('api.sock'))).rejects.toMatchObject({ code: 'ENOENT' });
  });
});

/** A socket file whose process is gone. */
async function staleSocket(at: string): Promise<void> {
  const listener = createServer();
  await new Promise<void>((resolve) => listener.listen(`${at}.old`, resolve));
  await rename(`${at}.old`, at);
  await new Promise((resolve) => listener.close(resolve));
}

/** The error of a call with these values of the security header. */
function plainCall(address: string, values: readonly string[]): Promise<ServiceError> {
  const metadata = new Metadata();
  for (const value of values) metadata.add('workload.spiffe.io', value);
  const client = new Client(address, credentials.createInsecure());
  const empty = () => Buffer.alloc(0);
  const call = client.makeServerStreamRequest('/SpiffeWorkloadAPI/FetchX509SVID', empty, empty, {}, metadata);
  return new Promise((resolve) => {
    call.on('data', () => undefined);
    call.once('error', (error: ServiceError) => {
      client.close();
      resolve(error);
    });
  });
}
