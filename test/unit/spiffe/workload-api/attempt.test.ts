import { status } from '@grpc/grpc-js';
import { describe, expect, test } from '@jest/globals';
import { WorkloadApiClient } from '../../../../src/spiffe/workload-api/client.ts';
import { bundleBytes, svidBytes } from '../../../support/identity.ts';
import { useWorkloadApi } from './served.ts';
const garbage = Buffer.from([0xff, 0xff, 0xff]);

const { authority, clock, client, issue, nextCall, path, stop } = useWorkloadApi();

describe('one attempt', () => {
  test('gives the SVIDs of the first message and leaves', async () => {
    const fetched = client().fetchX509Svids();
    const call = await nextCall();
    expect(call.method).toBe('FetchX509SVID');
    call.send(await svidBytes([await issue('a'), await issue('b')]));
    expect((await fetched).map(({ spiffeId }) => spiffeId)).toEqual([
      'spiffe://example.org/a',
      'spiffe://example.org/b',
    ]);
  });

  test('gives bundles without asking for an identity', async () => {
    const fetched = client().fetchX509Bundles();
    const call = await nextCall();
    expect(call.method).toBe('FetchX509Bundles');
    call.send(bundleBytes(authority().bundles()));
    expect(await fetched).toEqual(authority().bundles());
  });

  test('carries the security header, once', async () => {
    client()
      .fetchX509Bundles(stop().signal)
      .catch(() => undefined);
    const { metadata } = await nextCall();
    expect(metadata.get('workload.spiffe.io')).toEqual(['true']);
  });

  test.each([
    [status.PERMISSION_DENIED, 'workload-api-denied'],
    [status.UNAVAILABLE, 'workload-api-unavailable'],
    [status.INVALID_ARGUMENT, 'workload-api-refused'],
  ])('that ends with status %d fails with %s', async (code, expected) => {
    const fetched = client().fetchX509Svids();
    (await nextCall()).fail(code, 'because');
    await expect(fetched).rejects.toMatchObject({
      code: expected,
      message: expect.stringContaining('because'),
    });
  });

  test('that is closed without a message fails', async () => {
    const fetched = client().fetchX509Svids();
    (await nextCall()).end();
    await expect(fetched).rejects.toMatchObject({
      code: 'workload-api-unavailable',
      message: expect.stringContaining('the server closed the stream'),
    });
  });

  test('leaves nothing asleep, and keys that cannot be read', async () => {
    const fetched = client().fetchX509Svids();
    (await nextCall()).send(await svidBytes([await issue('a')]));
    const [svid] = await fetched;
    expect(svid?.key.extractable).toBe(false);
    expect(clock().asleep).toBe(0);
  });

  test('that gets garbage fails', async () => {
    const fetched = client().fetchX509Svids();
    (await nextCall()).send(garbage);
    await expect(fetched).rejects.toMatchObject({ code: 'workload-api-malformed' });
  });

  test('that gets a message of more than 4 MiB fails', async () => {
    const fetched = client().fetchX509Svids();
    (await nextCall()).send(Buffer.alloc(4 * 1024 * 1024 + 1));
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
    const fetched = client().fetchX509Svids(stop().signal);
    await nextCall();
    stop().abort();
    await expect(fetched).rejects.toMatchObject({
      code: 'aborted',
      message: expect.stringContaining('the call to the Workload API was stopped'),
    });
    await expect(client().fetchX509Svids(stop().signal)).rejects.toMatchObject({ code: 'aborted' });
  });

  test('over TCP is refused at construction unless allowed', () => {
    const address = 'tcp://127.0.0.1:8081';
    expect(() => new WorkloadApiClient({ address })).toThrow(
      expect.objectContaining({ code: 'socket-invalid' }),
    );
    expect(() => new WorkloadApiClient({ address, allowTcp: true })).not.toThrow();
  });
});
