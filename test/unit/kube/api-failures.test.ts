import { describe, expect, test } from '@jest/globals';
import { FeaturesealError } from '../../../src/error.ts';
import { ApiClient } from '../../../src/kube/api-client.ts';
import { connectionTo } from '../../support/fake-api-server.ts';
import { reasonOf } from '../../support/reason.ts';
import { fakeApi, nodesPath, type FakeApi } from './fake-api.ts';

describe('a call that fails is told of, by what it was for', () => {
  const fake = fakeApi();
  const fault = { status: 500 };
  type Call = (api: ApiClient, signal: AbortSignal) => Promise<unknown>;
  const get: Call = (api, signal) => api.request({ path: nodesPath, signal });
  const watch: Call = (api, signal) =>
    api.stream({ path: nodesPath, query: { watch: 'true' }, signal }, String).next();

  test.each<[string, (fake: FakeApi) => unknown, Call, readonly string[]]>([
    ['a read', ({ server }) => server.failNext(/GET/, fault), get, ['read store-unavailable']],
    [
      'a list',
      ({ server }) => server.failNext(/GET/, { status: 403 }),
      (api, signal) => api.request({ path: nodesPath, query: { limit: '1' }, signal }),
      ['list store-refused'],
    ],
    ['a watch', ({ server }) => server.failNext(/watch/, fault), watch, ['watch store-unavailable']],
    [
      'a write',
      ({ server }) => server.failNext(/POST/, { status: 409 }),
      (api, signal) =>
        api.request({ method: 'POST', path: nodesPath, body: { metadata: { name: 'a' } }, signal }),
      ['write store-conflict'],
    ],
    [
      'not one whose failure is its answer',
      () => undefined,
      (api, signal) => api.request({ path: `${nodesPath}/none`, signal, expect: [404] }),
      [],
    ],
    [
      'not one for a version that the server forgot',
      ({ server }) => server.failNext(/watch/, { status: 410 }),
      watch,
      [],
    ],
    ['not one that was stopped', ({ controller }) => controller.abort(), get, []],
  ])('%s', async (_, prepare, call, expected) => {
    const { api, told } = telling();
    prepare(fake());
    await call(api, fake().controller.signal).catch(() => undefined);
    api.close();
    expect(told).toEqual(expected);
  });

  test('a watch that tells what nobody can read', async () => {
    const { server, controller } = fake();
    const { api, told } = telling();
    const query = { watch: 'true', resourceVersion: '100' };
    const events = api.stream({ path: nodesPath, query, signal: controller.signal }, () => {
      throw new FeaturesealError({ code: 'object-malformed', message: 'said the test' });
    });
    const next = reasonOf(() => events.next());
    await server.watches.next();
    server.bookmark();
    expect(await next).toBe('object-malformed');
    api.close();
    expect(told).toEqual(['watch object-malformed']);
  });

  test('not a watch that moves to a new connection, because its server goes away', async () => {
    const { server, clock, controller } = fake();
    const { api, told } = telling();
    const query = { watch: 'true', resourceVersion: '100' };
    const next = reasonOf(() =>
      api.stream({ path: nodesPath, query, signal: controller.signal }, String).next(),
    );
    await server.watches.next();
    server.goAway();
    await clock.pass(5_000);
    expect(await next).toBe('store-unavailable');
    api.close();
    expect(told).toEqual([]);
  });

  function telling(): { readonly api: ApiClient; readonly told: readonly string[] } {
    const { server, clock } = fake();
    const told: string[] = [];
    const onFailure = (operation: string, code: string): void => void told.push(`${operation} ${code}`);
    return { api: new ApiClient({ connection: connectionTo(server), clock, onFailure }), told };
  }
});
