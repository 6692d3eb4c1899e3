import { status } from '@grpc/grpc-js';
import { describe, expect, test } from '@jest/globals';
import type { BundleSource, SvidSource, X509Svid } from '../../../../src/port/svid-source.ts';
import { X509BundleSource, X509Source } from '../../../../src/spiffe/workload-api/source.ts';
import { bundleBytes, svidBytes, testAuthority } from '../../../support/identity.ts';
import { Queue } from '../../../support/queue.ts';
import type { RawCall } from '../../../support/raw-workload-api.ts';
import { useWorkloadApi } from './served.ts';

const { authority, client, clock, issue, nextCall, opened } = useWorkloadApi();

async function give(call: RawCall, ...svids: Promise<X509Svid>[]): Promise<void> {
  call.send(await svidBytes(await Promise.all(svids)));
}

/** The names that a source shows, one for each call of its listener. */
function shown(source: X509Source): Queue<string | undefined> {
  const names = new Queue<string | undefined>();
  source.onChange(() => names.push(source.current()?.spiffeId.split('/').at(-1)));
  return names;
}

describe('an X.509 source', () => {
  test('waits for its first SVID', async () => {
    const creating = X509Source.create({ client: client() });
    await give(await nextCall(), issue('a'));
    const source: SvidSource = opened(await creating);
    expect(source.current()?.spiffeId).toBe('spiffe://example.org/a');
  });

  test('rotates without being asked', async () => {
    const source = opened(new X509Source({ client: client() }));
    const names = shown(source);
    const call = await nextCall();
    await give(call, issue('a'));
    expect(await names.next()).toBe('a');
    const first = source.current();
    await give(call, issue('a'));
    expect(await names.next()).toBe('a');
    expect(source.current()?.chain).not.toEqual(first?.chain);
    expect(source.lastError()).toBeUndefined();
  });

  test('never loses the last of many rotations', async () => {
    const source = opened(new X509Source({ client: client() }));
    const names = shown(source);
    const call = await nextCall();
    const messages = await Promise.all(
      Array.from({ length: 20 }, async (_, n) => svidBytes([await issue(String(n))])),
    );
    for (const message of messages) call.send(message);
    while ((await names.next()) !== '19');
    expect(source.current()?.spiffeId).toBe('spiffe://example.org/19');
  });

  test('has nothing once the identity is taken back, and says so', async () => {
    const source = opened(new X509Source({ client: client() }));
    const names = shown(source);
    const call = await nextCall();
    await give(call, issue('a'));
    expect(await names.next()).toBe('a');
    call.fail(status.PERMISSION_DENIED, 'no identity issued');
    expect(await names.next()).toBeUndefined();
    await clock().pass(1000);
    expect(source.lastError()?.code).toBe('workload-api-denied');
    await give(await nextCall(), issue('a'));
    expect(await names.next()).toBe('a');
    expect(source.lastError()).toBeUndefined();
  });

  test('keeps its SVID while the server is away, and says what is wrong', async () => {
    const source = opened(new X509Source({ client: client() }));
    const names = shown(source);
    const call = await nextCall();
    await give(call, issue('a'));
    expect(await names.next()).toBe('a');
    call.end();
    await clock().sleeping(1000);
    expect(source.current()?.spiffeId).toBe('spiffe://example.org/a');
    expect(source.lastError()?.code).toBe('workload-api-unavailable');
  });

  test.each([
    ['its SPIFFE ID', { spiffeId: 'spiffe://example.org/b' }, 'b'],
    ['its hint', { hint: 'outside' }, 'c'],
    ['both', { spiffeId: 'spiffe://example.org/b', hint: 'inside' }, 'b'],
  ])('picks one of several SVIDs by %s', async (_, pick, name) => {
    const creating = X509Source.create({ client: client(), pick });
    await give(await nextCall(), issue('a'), issue('b', 'inside'), issue('c', 'outside'));
    const source = opened(await creating);
    expect(source.current()?.spiffeId).toBe(`spiffe://example.org/${name}`);
  });

  test.each([
    ['none is picked', {}, 'identity-ambiguous'],
    ['the hint matches two', { hint: '' }, 'identity-ambiguous'],
    ['the ID matches none', { spiffeId: 'spiffe://example.org/x' }, 'identity-absent'],
    ['the hint matches none', { hint: 'x' }, 'identity-absent'],
    [
      'ID and hint match different ones',
      { spiffeId: 'spiffe://example.org/a', hint: 'c' },
      'identity-absent',
    ],
  ])('has nothing where there are several SVIDs and %s, until it is so', async (_, pick, code) => {
    const source = opened(new X509Source({ client: client(), pick }));
    const names = shown(source);
    const call = await nextCall();
    await give(call, issue('a'), issue('b'), issue('c', 'c'));
    expect(await names.next()).toBeUndefined();
    expect(source.lastError()).toMatchObject({
      code,
      message: expect.stringContaining('spiffe://example.org/'),
    });
  });

  test('stops at once when closed, and may be closed twice', async () => {
    const source = new X509Source({ client: client() });
    await nextCall();
    source.close();
    source.close();
    expect(await source.ended).toBeUndefined();
    await expect(source.ready()).rejects.toMatchObject({ code: 'aborted' });
  });

  test('ends with the reason when the server refuses for good', async () => {
    const source = new X509Source({ client: client() });
    const ready = source.ready();
    (await nextCall()).fail(status.UNIMPLEMENTED, 'unknown service');
    expect(await source.ended).toMatchObject({ code: 'workload-api-refused' });
    await expect(ready).rejects.toMatchObject({ code: 'workload-api-refused' });
    expect(source.lastError()?.code).toBe('workload-api-refused');
  });

  test('says what was missing to who gave up waiting for it', async () => {
    const giveUp = new AbortController();
    const creating = X509Source.create({ client: client(), signal: giveUp.signal });
    (await nextCall()).fail(status.PERMISSION_DENIED, 'no identity issued');
    await clock().sleeping(1000);
    giveUp.abort();
    await expect(creating).rejects.toMatchObject({
      code: 'aborted',
      message: expect.stringContaining('gives this process no identity'),
    });
  });
});

describe('a bundle source', () => {
  test('waits for its first bundles and follows them', async () => {
    const creating = X509BundleSource.create({ client: client() });
    const call = await nextCall();
    call.send(bundleBytes(authority().bundles()));
    const source: BundleSource & X509BundleSource = opened(await creating);
    expect(source.current()).toEqual(authority().bundles());

    const changes = new Queue<number | undefined>();
    const stopListening = source.onChange(() => changes.push(source.current()?.size));
    const other = await testAuthority({ trustDomain: 'other.test' });
    call.send(bundleBytes(new Map([...authority().bundles(), ...other.bundles()])));
    expect(await changes.next()).toBe(2);
    call.send(bundleBytes(other.bundles()));
    expect(await changes.next()).toBe(1);
    expect([...(source.current()?.keys() ?? [])]).toEqual(['other.test']);

    stopListening();
    call.send(bundleBytes(authority().bundles()));
    call.end();
    await clock().sleeping(1000);
    expect(changes.length).toBe(0);
  });

  test.each([
    ['an empty message', 'workload-api-malformed', (call: RawCall) => call.send(bundleBytes(new Map()))],
    ['PermissionDenied', 'workload-api-denied', (call: RawCall) => call.fail(status.PERMISSION_DENIED, 'no')],
  ])('has nothing after %s, and says %s', async (_, code, takeBack) => {
    const source = opened(new X509BundleSource({ client: client() }));
    const changes = new Queue<number | undefined>();
    source.onChange(() => changes.push(source.current()?.size));
    const call = await nextCall();
    call.send(bundleBytes(authority().bundles()));
    expect(await changes.next()).toBe(1);
    takeBack(call);
    expect(await changes.next()).toBeUndefined();
    expect(source.lastError()).toMatchObject({
      code,
      message: expect.stringMatching(
        /names no trust domain; no bundle is used|gives this process no identity/,
      ),
    });
  });
});
