import { connect, createServer, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { FeaturesealError } from '../../../../src/error.ts';
import { WorkloadApiClient } from '../../../../src/spiffe/workload-api/client.ts';
import { svidBytes } from '../../../support/identity.ts';
import { Queue } from '../../../support/queue.ts';
import { useWorkloadApi } from './served.ts';

const { clock, issue, nextCall, path, stop } = useWorkloadApi();

describe('a connection that died without being closed', () => {
  let relay: Relay;
  let client: WorkloadApiClient;
  beforeEach(async () => {
    relay = await Relay.start(path('relay.sock'), path('api.sock'));
    client = new WorkloadApiClient({ address: `unix://${path('relay.sock')}`, clock: clock() });
  });
  afterEach(() => {
    stop().abort();
    relay.close();
  });

  test('is noticed within 45 s and dialled again', async () => {
    const events = new Queue<string>();
    const onError = ({ message }: FeaturesealError) => events.push(message);
    void client.watchX509Svids((svids) => events.push(`${svids.length} SVIDs`), stop().signal, onError);
    (await nextCall()).send(await svidBytes([await issue('a')]));
    expect(await events.next()).toBe('1 SVIDs');

    await clock().pass(30_000);
    // Somebody waits for the next heartbeat: the first was answered.
    await clock().sleeping(30_000);
    relay.freeze();
    await clock().pass(30_000);
    await clock().pass(15_000);
    expect(await events.next()).toContain('the server does not answer any more');

    relay.thaw();
    await clock().pass(1000);
    (await nextCall()).send(await svidBytes([await issue('a'), await issue('b')]));
    expect(await events.next()).toBe('2 SVIDs');
  });

  test('is noticed when it never answered at all', async () => {
    relay.freeze();
    const fetched = client.fetchX509Svids();
    await clock().pass(30_000);
    await clock().pass(15_000);
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
