import { stat } from 'node:fs/promises';
import { status } from '@grpc/grpc-js';
import { describe, expect, test } from '@jest/globals';
import type { FeaturesealError } from '../../../../src/error.ts';
import type { X509Bundles } from '../../../../src/spiffe/types.ts';
import { WorkloadApiClient } from '../../../../src/spiffe/workload-api/client.ts';
import type { X509Context } from '../../../../src/spiffe/workload-api/context.ts';
import { bundleBytes, encodeSvids, svidBytes } from '../../../support/identity.ts';
import { Queue } from '../../../support/queue.ts';
import { useWorkloadApi } from './served.ts';
const garbage = Buffer.from([0xff, 0xff, 0xff]);

const { api, authority, clock, client, issue, nextCall, path, restart, stop } = useWorkloadApi();

describe('watching', () => {
  /** Names of the SVIDs in each update, and the code of each error, in their order. */
  function watchNames(): { readonly events: Queue<string>; readonly ended: Promise<void> } {
    const events = new Queue<string>();
    const ended = client().watchX509Svids(
      (svids) => events.push(`[${svids.map(({ spiffeId }) => spiffeId.split('/').at(-1)).join()}]`),
      stop().signal,
      ({ code }: FeaturesealError) => events.push(code),
    );
    return { events, ended };
  }

  /** A watch that was told of one SVID, and its stream. */
  async function watchingA() {
    const watch = watchNames();
    const call = await nextCall();
    call.send(await svidBytes([await issue('a')]));
    expect(await watch.events.next()).toBe('[a]');
    return { ...watch, call };
  }

  test('tells every whole state, and ends in silence when stopped', async () => {
    const { events, ended } = watchNames();
    const call = await nextCall();
    call.send(await svidBytes([await issue('a'), await issue('b')]));
    expect(await events.next()).toBe('[a,b]');
    call.send(await svidBytes([await issue('b')]));
    expect(await events.next()).toBe('[b]');
    stop().abort();
    await ended;
    expect(events.length).toBe(0);
  });

  test('waits for an identity that comes late, 1 s and then 2 s', async () => {
    const { events } = watchNames();
    (await nextCall()).fail(status.PERMISSION_DENIED, 'no identity issued');
    expect(await events.next()).toBe('workload-api-denied');
    await clock().pass(1000);
    (await nextCall()).fail(status.PERMISSION_DENIED, 'no identity issued');
    expect(await events.next()).toBe('workload-api-denied');
    await clock().pass(2000);
    (await nextCall()).send(await svidBytes([await issue('a')]));
    expect(await events.next()).toBe('[a]');
  });

  test('starts again at 1 s after a good message', async () => {
    const { events } = watchNames();
    for (const ms of [1000, 2000, 3000]) {
      (await nextCall()).fail(status.UNAVAILABLE, 'starting');
      expect(await events.next()).toBe('workload-api-unavailable');
      await clock().pass(ms);
    }
    const call = await nextCall();
    call.send(await svidBytes([await issue('a')]));
    expect(await events.next()).toBe('[a]');
    call.end();
    expect(await events.next()).toBe('workload-api-unavailable');
    await clock().pass(1000);
    await nextCall();
  });

  test('tells that the identity was taken back, once', async () => {
    const { events, call } = await watchingA();
    call.fail(status.PERMISSION_DENIED, 'no identity issued');
    expect(await events.next()).toBe('[]');
    expect(await events.next()).toBe('workload-api-denied');
    await clock().pass(1000);
    (await nextCall()).fail(status.PERMISSION_DENIED, 'no identity issued');
    expect(await events.next()).toBe('workload-api-denied');
    await clock().pass(2000);
    (await nextCall()).send(await svidBytes([await issue('a')]));
    expect(await events.next()).toBe('[a]');
  });

  test('keeps the identity while the server is away', async () => {
    const { events, call } = await watchingA();
    call.fail(status.UNAVAILABLE, 'shutting down');
    expect(await events.next()).toBe('workload-api-unavailable');
    await clock().pass(1000);
    await nextCall();
    expect(events.length).toBe(0);
  });

  test.each([
    ['garbage', garbage],
    ['a message without SVIDs', encodeSvids({ svids: [] })],
  ])('discards %s and keeps the stream and the state', async (_, bad) => {
    const { events, call } = await watchingA();
    call.send(bad);
    expect(await events.next()).toBe('workload-api-malformed');
    call.send(await svidBytes([await issue('b')]));
    expect(await events.next()).toBe('[b]');
  });

  test.each([status.INVALID_ARGUMENT, status.UNIMPLEMENTED])('gives up at status %d', async (code) => {
    const { ended } = watchNames();
    (await nextCall()).fail(code, 'no');
    await expect(ended).rejects.toMatchObject({ code: 'workload-api-refused' });
  });

  test('finds the server again at a new socket file', async () => {
    const { events } = await watchingA();
    const before = await stat(path('api.sock'));

    await api().kill();
    expect(await events.next()).toBe('workload-api-unavailable');
    await clock().pass(1000);
    expect(await events.next()).toBe('workload-api-unavailable');

    await restart();
    const after = await stat(path('api.sock'));
    expect([after.ino, after.birthtimeMs]).not.toEqual([before.ino, before.birthtimeMs]);
    await clock().pass(2000);
    (await nextCall()).send(await svidBytes([await issue('b')]));
    expect(await events.next()).toBe('[b]');
  });

  test('tells SVIDs and bundles together, and that both were taken back', async () => {
    const updates = new Queue<X509Context>();
    void client().watchX509Context((context) => updates.push(context), stop().signal);
    const call = await nextCall();
    call.send(await svidBytes([await issue('a')]));
    const { svids, bundles } = await updates.next();
    expect([svids.length, [...bundles.keys()]]).toEqual([1, ['example.org']]);
    call.fail(status.PERMISSION_DENIED, 'no identity issued');
    expect(await updates.next()).toEqual({ svids: [], bundles: new Map() });
  });

  test('writes to the log what goes wrong', async () => {
    const lines = new Queue<readonly unknown[]>();
    const log = { warn: (...line: readonly unknown[]) => lines.push(line) };
    const logging = new WorkloadApiClient({ address: api().address, clock: clock(), log });
    const ended = logging.watchX509Bundles(() => undefined, stop().signal);
    (await nextCall()).fail(status.UNAVAILABLE, 'shutting down');
    expect(await lines.next()).toEqual([
      'the Workload API failed',
      { code: 'workload-api-unavailable', error: expect.stringContaining('(UNAVAILABLE: shutting down)') },
    ]);
    await clock().pass(1000);
    await nextCall();
    stop().abort();
    expect(await ended).toBeUndefined();
  });

  test('tells nothing that comes after it was stopped', async () => {
    const updates = new Queue<X509Bundles>();
    const ended = client().watchX509Bundles((bundles) => {
      updates.push(bundles);
      stop().abort();
    }, stop().signal);
    const call = await nextCall();
    call.send(bundleBytes(authority().bundles()));
    call.send(bundleBytes(authority().bundles()));
    await ended;
    expect(updates.length).toBe(1);
  });

  test('tells bundles, and that they were taken back', async () => {
    const updates = new Queue<X509Bundles>();
    void client().watchX509Bundles((bundles) => updates.push(bundles), stop().signal);
    const call = await nextCall();
    call.send(bundleBytes(authority().bundles()));
    expect(await updates.next()).toEqual(authority().bundles());
    call.fail(status.PERMISSION_DENIED, 'no identity issued');
    expect(await updates.next()).toEqual(new Map());
  });

  test('lets an error of its listener through', async () => {
    const ended = client().watchX509Svids(() => {
      throw new Error('of the listener');
    }, stop().signal);
    (await nextCall()).send(await svidBytes([await issue('a')]));
    await expect(ended).rejects.toThrow('of the listener');
  });
});
