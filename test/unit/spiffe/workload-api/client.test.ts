import { connect, createServer, type Socket } from 'node:net';
import { stat } from 'node:fs/promises';
import { status } from '@grpc/grpc-js';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { FeaturesealError } from '../../../../src/error.ts';
import type { Authority } from '../../../../src/identity/authority.ts';
import type { X509Bundles, X509Svid } from '../../../../src/spiffe/types.ts';
import { WorkloadApiClient } from '../../../../src/spiffe/workload-api/client.ts';
import type { X509Context } from '../../../../src/spiffe/workload-api/context.ts';
import { bundleBytes, encodeSvids, hourMs, svidBytes, testAuthority } from '../../../support/identity.ts';
import { ManualClock } from '../../../support/manual-clock.ts';
import { Queue } from '../../../support/queue.ts';
import { RawWorkloadApi } from '../../../support/raw-workload-api.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';

const garbage = Buffer.from([0xff, 0xff, 0xff]);
const path = temporaryFolder();

let authority: Authority;
beforeAll(async () => {
  authority = await testAuthority();
});

function issue(name: string, hint = ''): Promise<X509Svid> {
  return authority.issue({ spiffeId: `spiffe://example.org/${name}`, ttlMs: hourMs, hint });
}

let api: RawWorkloadApi;
let clock: ManualClock;
let stop: AbortController;
let client: WorkloadApiClient;
beforeEach(async () => {
  api = await RawWorkloadApi.start(path('api.sock'));
  clock = new ManualClock();
  stop = new AbortController();
  client = new WorkloadApiClient({ address: api.address, clock });
});
afterEach(async () => {
  stop.abort();
  await api.kill();
});

describe('one attempt', () => {
  test('gives the SVIDs of the first message and leaves', async () => {
    const fetched = client.fetchX509Svids();
    const call = await api.calls.next();
    expect(call.method).toBe('FetchX509SVID');
    call.send(await svidBytes([await issue('a'), await issue('b')]));
    expect((await fetched).map(({ spiffeId }) => spiffeId)).toEqual([
      'spiffe://example.org/a',
      'spiffe://example.org/b',
    ]);
  });

  test('gives bundles without asking for an identity', async () => {
    const fetched = client.fetchX509Bundles();
    const call = await api.calls.next();
    expect(call.method).toBe('FetchX509Bundles');
    call.send(bundleBytes(authority.bundles()));
    expect(await fetched).toEqual(authority.bundles());
  });

  test('carries the security header, once', async () => {
    client.fetchX509Bundles(stop.signal).catch(() => undefined);
    const { metadata } = await api.calls.next();
    expect(metadata.get('workload.spiffe.io')).toEqual(['true']);
  });

  test.each([
    [status.PERMISSION_DENIED, 'workload-api-denied'],
    [status.UNAVAILABLE, 'workload-api-unavailable'],
    [status.INVALID_ARGUMENT, 'workload-api-refused'],
  ])('that ends with status %d fails with %s', async (code, expected) => {
    const fetched = client.fetchX509Svids();
    (await api.calls.next()).fail(code, 'because');
    await expect(fetched).rejects.toMatchObject({
      code: expected,
      message: expect.stringContaining('because'),
    });
  });

  test('that is closed without a message fails', async () => {
    const fetched = client.fetchX509Svids();
    (await api.calls.next()).end();
    await expect(fetched).rejects.toMatchObject({
      code: 'workload-api-unavailable',
      message: expect.stringContaining('the server closed the stream'),
    });
  });

  test('leaves nothing asleep, and keys that cannot be read', async () => {
    const fetched = client.fetchX509Svids();
    (await api.calls.next()).send(await svidBytes([await issue('a')]));
    const [svid] = await fetched;
    expect(svid?.key.extractable).toBe(false);
    expect(clock.asleep).toBe(0);
  });

  test('that gets garbage fails', async () => {
    const fetched = client.fetchX509Svids();
    (await api.calls.next()).send(garbage);
    await expect(fetched).rejects.toMatchObject({ code: 'workload-api-malformed' });
  });

  test('that gets a message of more than 4 MiB fails', async () => {
    const fetched = client.fetchX509Svids();
    (await api.calls.next()).send(Buffer.alloc(4 * 1024 * 1024 + 1));
    await expect(fetched).rejects.toMatchObject({ code: 'workload-api-unavailable' });
  });

  test('fails where nothing is served, and says where it looked', async () => {
    const nowhere = new WorkloadApiClient({ address: `unix://${path('none.sock')}` });
    await expect(nowhere.fetchX509Svids()).rejects.toMatchObject({
      code: 'workload-api-unavailable',
      message: expect.stringContaining(`(UNAVAILABLE: connect ENOENT ${path('none.sock')})`),
    });
  });

  test('can be stopped', async () => {
    const fetched = client.fetchX509Svids(stop.signal);
    await api.calls.next();
    stop.abort();
    await expect(fetched).rejects.toMatchObject({
      code: 'aborted',
      message: expect.stringContaining('the call to the Workload API was stopped'),
    });
    await expect(client.fetchX509Svids(stop.signal)).rejects.toMatchObject({ code: 'aborted' });
  });

  test('over TCP is refused at construction unless allowed', () => {
    const address = 'tcp://127.0.0.1:8081';
    expect(() => new WorkloadApiClient({ address })).toThrow(
      expect.objectContaining({ code: 'socket-invalid' }),
    );
    expect(() => new WorkloadApiClient({ address, allowTcp: true })).not.toThrow();
  });
});

describe('watching', () => {
  /** Names of the SVIDs in each update, and the code of each error, in their order. */
  function watchNames(): { readonly events: Queue<string>; readonly ended: Promise<void> } {
    const events = new Queue<string>();
    const ended = client.watchX509Svids(
      (svids) => events.push(`[${svids.map(({ spiffeId }) => spiffeId.split('/').at(-1)).join()}]`),
      stop.signal,
      ({ code }: FeaturesealError) => events.push(code),
    );
    return { events, ended };
  }

  test('tells every whole state, and ends in silence when stopped', async () => {
    const { events, ended } = watchNames();
    const call = await api.calls.next();
    call.send(await svidBytes([await issue('a'), await issue('b')]));
    expect(await events.next()).toBe('[a,b]');
    call.send(await svidBytes([await issue('b')]));
    expect(await events.next()).toBe('[b]');
    stop.abort();
    await ended;
    expect(events.length).toBe(0);
  });

  test('waits for an identity that comes late, 1 s and then 2 s', async () => {
    const { events } = watchNames();
    (await api.calls.next()).fail(status.PERMISSION_DENIED, 'no identity issued');
    expect(await events.next()).toBe('workload-api-denied');
    await clock.pass(1000);
    (await api.calls.next()).fail(status.PERMISSION_DENIED, 'no identity issued');
    expect(await events.next()).toBe('workload-api-denied');
    await clock.pass(2000);
    (await api.calls.next()).send(await svidBytes([await issue('a')]));
    expect(await events.next()).toBe('[a]');
  });

  test('starts again at 1 s after a good message', async () => {
    const { events } = watchNames();
    for (const ms of [1000, 2000, 3000]) {
      (await api.calls.next()).fail(status.UNAVAILABLE, 'starting');
      expect(await events.next()).toBe('workload-api-unavailable');
      await clock.pass(ms);
    }
    const call = await api.calls.next();
    call.send(await svidBytes([await issue('a')]));
    expect(await events.next()).toBe('[a]');
    call.end();
    expect(await events.next()).toBe('workload-api-unavailable');
    await clock.pass(1000);
    await api.calls.next();
  });

  test('tells that the identity was taken back, once', async () => {
    const { events } = watchNames();
    const call = await api.calls.next();
    call.send(await svidBytes([await issue('a')]));
    expect(await events.next()).toBe('[a]');
    call.fail(status.PERMISSION_DENIED, 'no identity issued');
    expect(await events.next()).toBe('[]');
    expect(await events.next()).toBe('workload-api-denied');
    await clock.pass(1000);
    (await api.calls.next()).fail(status.PERMISSION_DENIED, 'no identity issued');
    expect(await events.next()).toBe('workload-api-denied');
    await clock.pass(2000);
    (await api.calls.next()).send(await svidBytes([await issue('a')]));
    expect(await events.next()).toBe('[a]');
  });

  test('keeps the identity while the server is away', async () => {
    const { events } = watchNames();
    const call = await api.calls.next();
    call.send(await svidBytes([await issue('a')]));
    expect(await events.next()).toBe('[a]');
    call.fail(status.UNAVAILABLE, 'shutting down');
    expect(await events.next()).toBe('workload-api-unavailable');
    await clock.pass(1000);
    await api.calls.next();
    expect(events.length).toBe(0);
  });

  test.each([
    ['garbage', garbage],
    ['a message without SVIDs', encodeSvids({ svids: [] })],
  ])('discards %s and keeps the stream and the state', async (_, bad) => {
    const { events } = watchNames();
    const call = await api.calls.next();
    call.send(await svidBytes([await issue('a')]));
    expect(await events.next()).toBe('[a]');
    call.send(bad);
    expect(await events.next()).toBe('workload-api-malformed');
    call.send(await svidBytes([await issue('b')]));
    expect(await events.next()).toBe('[b]');
  });

  test.each([status.INVALID_ARGUMENT, status.UNIMPLEMENTED])('gives up at status %d', async (code) => {
    const { ended } = watchNames();
    (await api.calls.next()).fail(code, 'no');
    await expect(ended).rejects.toMatchObject({ code: 'workload-api-refused' });
  });

  test('finds the server again at a new socket file', async () => {
    const { events } = watchNames();
    (await api.calls.next()).send(await svidBytes([await issue('a')]));
    expect(await events.next()).toBe('[a]');
    const before = await stat(path('api.sock'));

    await api.kill();
    expect(await events.next()).toBe('workload-api-unavailable');
    await clock.pass(1000);
    expect(await events.next()).toBe('workload-api-unavailable');

    api = await RawWorkloadApi.start(path('api.sock'));
    const after = await stat(path('api.sock'));
    expect([after.ino, after.birthtimeMs]).not.toEqual([before.ino, before.birthtimeMs]);
    await clock.pass(2000);
    (await api.calls.next()).send(await svidBytes([await issue('b')]));
    expect(await events.next()).toBe('[b]');
  });

  test('tells SVIDs and bundles together, and that both were taken back', async () => {
    const updates = new Queue<X509Context>();
    void client.watchX509Context((context) => updates.push(context), stop.signal);
    const call = await api.calls.next();
    call.send(await svidBytes([await issue('a')]));
    const { svids, bundles } = await updates.next();
    expect([svids.length, [...bundles.keys()]]).toEqual([1, ['example.org']]);
    call.fail(status.PERMISSION_DENIED, 'no identity issued');
    expect(await updates.next()).toEqual({ svids: [], bundles: new Map() });
  });

  test('writes to the log what goes wrong', async () => {
    const lines = new Queue<readonly unknown[]>();
    const log = { warn: (...line: readonly unknown[]) => lines.push(line) };
    const logging = new WorkloadApiClient({ address: api.address, clock, log });
    const ended = logging.watchX509Bundles(() => undefined, stop.signal);
    (await api.calls.next()).fail(status.UNAVAILABLE, 'shutting down');
    expect(await lines.next()).toEqual([
      'the Workload API failed',
      { code: 'workload-api-unavailable', error: expect.stringContaining('(UNAVAILABLE: shutting down)') },
    ]);
    await clock.pass(1000);
    await api.calls.next();
    stop.abort();
    expect(await ended).toBeUndefined();
  });

  test('tells nothing that comes after it was stopped', async () => {
    const updates = new Queue<X509Bundles>();
    const ended = client.watchX509Bundles((bundles) => {
      updates.push(bundles);
      stop.abort();
    }, stop.signal);
    const call = await api.calls.next();
    call.send(bundleBytes(authority.bundles()));
    call.send(bundleBytes(authority.bundles()));
    await ended;
    expect(updates.length).toBe(1);
  });

  test('tells bundles, and that they were taken back', async () => {
    const updates = new Queue<X509Bundles>();
    void client.watchX509Bundles((bundles) => updates.push(bundles), stop.signal);
    const call = await api.calls.next();
    call.send(bundleBytes(authority.bundles()));
    expect(await updates.next()).toEqual(authority.bundles());
    call.fail(status.PERMISSION_DENIED, 'no identity issued');
    expect(await updates.next()).toEqual(new Map());
  });

  test('lets an error of its listener through', async () => {
    const ended = client.watchX509Svids(() => {
      throw new Error('of the listener');
    }, stop.signal);
    (await api.calls.next()).send(await svidBytes([await issue('a')]));
    await expect(ended).rejects.toThrow('of the listener');
  });
});

describe('a connection that died without being closed', () => {
  let relay: Relay;
  beforeEach(async () => {
    relay = await Relay.start(path('relay.sock'), path('api.sock'));
    client = new WorkloadApiClient({ address: `unix://${path('relay.sock')}`, clock });
  });
  afterEach(() => relay.close());

  test('is noticed within 45 s and dialled again', async () => {
    const events = new Queue<string>();
    const onError = ({ message }: FeaturesealError) => events.push(message);
    void client.watchX509Svids((svids) => events.push(`${svids.length} SVIDs`), stop.signal, onError);
    (await api.calls.next()).send(await svidBytes([await issue('a')]));
    expect(await events.next()).toBe('1 SVIDs');

    await clock.pass(30_000);
    // Somebody waits for the next heartbeat: the first was answered.
    await clock.sleeping(30_000);
    relay.freeze();
    await clock.pass(30_000);
    await clock.pass(15_000);
    expect(await events.next()).toContain('the server does not answer any more');

    relay.thaw();
    await clock.pass(1000);
    (await api.calls.next()).send(await svidBytes([await issue('a'), await issue('b')]));
    expect(await events.next()).toBe('2 SVIDs');
  });

  test('is noticed when it never answered at all', async () => {
    relay.freeze();
    const fetched = client.fetchX509Svids();
    await clock.pass(30_000);
    await clock.pass(15_000);
    await expect(fetched).rejects.toMatchObject({ code: 'workload-api-unavailable' });
  });
});

/** Passes bytes between sockets until frozen; then both ends stay open and hear nothing. */
class Relay {
  readonly #server;
  readonly #sockets = new Set<Socket>();
  #frozen = false;

  private constructor(target: string) {
    this.#server = createServer((inner) => {
      const outer = connect(target);
      this.#pass(inner, outer);
      this.#pass(outer, inner);
    });
  }

  static async start(at: string, target: string): Promise<Relay> {
    const relay = new Relay(target);
    await new Promise<void>((resolve) => relay.#server.listen(at, resolve));
    return relay;
  }

  freeze(): void {
    this.#frozen = true;
  }

  thaw(): void {
    this.#frozen = false;
  }

  close(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
  }

  #pass(from: Socket, to: Socket): void {
    this.#sockets.add(from);
    from.on('data', (data) => {
      if (!this.#frozen) to.write(data);
    });
    from.on('close', () => to.destroy());
    from.on('error', () => to.destroy());
  }
}
