import { describe, expect, test } from '@jest/globals';
import { ApiClient, pathOf } from '../../../src/kube/api-client.ts';
import { FeaturesealError } from '../../../src/error.ts';
import { connectionTo, type Failure } from '../../support/fake-api-server.ts';
import { reasonOf } from '../../support/reason.ts';
import { fakeApi, nodesPath, until } from './fake-api.ts';

describe('a call', () => {
  const fake = fakeApi(100_000);

  test('gets JSON, and says who it is', async () => {
    const { server, api, controller } = fake();
    server.objects.put(nodesPath, { metadata: { name: 'a' } });
    const { status, json } = await api.request({ path: `${nodesPath}/a`, signal: controller.signal });
    expect([status, json]).toEqual([200, server.objects.get(nodesPath, { name: 'a' })]);
    expect((await server.requests.next()).headers).toMatchObject({
      accept: 'application/json',
      'user-agent': 'featureseal',
    });
  });

  test('shares one connection with all others, also those at the same time', async () => {
    const { server, api, controller } = fake();
    server.objects.put(nodesPath, { metadata: { name: 'a' } });
    const call = () => api.request({ path: `${nodesPath}/a`, signal: controller.signal });
    await call();
    await Promise.all(Array.from({ length: 50 }, call));
    expect(server.network.connections).toBe(1);
  });

  test('reads an answer whose head, body and end arrive at once', async () => {
    const { server, api, controller } = fake();
    await api.request({ path: nodesPath, signal: controller.signal });
    await server.answered.next();
    const release = server.network.hold();
    const body = { metadata: { name: 'a' }, spec: 'x'.repeat(1_000) };
    const answer = api.request({ method: 'POST', path: nodesPath, body, signal: controller.signal });
    await server.answered.next();
    release();
    expect((await answer).json).toMatchObject(body);
  });

  test.each<[string, Failure, string]>([
    ['400', { status: 400 }, 'store-refused'],
    ['401', { status: 401 }, 'store-refused'],
    ['403', { status: 403 }, 'store-refused'],
    ['404 that nobody expects', { status: 404 }, 'store-refused'],
    ['409', { status: 409 }, 'store-conflict'],
    ['410', { status: 410 }, 'store-unavailable'],
    ['422', { status: 422 }, 'store-refused'],
    ['429 without end', { status: 429, headers: { 'retry-after': '3600' } }, 'store-unavailable'],
    ['500', { status: 500 }, 'store-unavailable'],
    ['503 with a page of HTML', { status: 503, body: '<html>' }, 'store-unavailable'],
    ['200 with a page of HTML', { status: 200, body: '<html>' }, 'store-unavailable'],
    ['200 with too much', { status: 200, body: JSON.stringify('x'.repeat(100_000)) }, 'object-too-large'],
    ['a TCP reset', { cut: true }, 'store-unavailable'],
  ])('answered by %s', async (_, failure, code) => {
    const { server, api, controller } = fake();
    // A 401 is tried once more.
    server.failNext(/./, failure);
    server.failNext(/./, failure);
    expect(await reasonOf(() => api.request({ path: nodesPath, signal: controller.signal }))).toBe(code);
  });

  test('works again after a TCP reset', async () => {
    const { server, api, controller } = fake();
    await api.request({ path: nodesPath, signal: controller.signal });
    server.network.reset();
    const call = () => api.request({ path: nodesPath, signal: controller.signal });
    await call().catch(() => undefined);
    expect((await call()).status).toBe(200);
  });

  test('moves to a new connection when the server says that it goes away', async () => {
    const { server, api, controller } = fake();
    await api.request({ path: nodesPath, signal: controller.signal });
    server.goAway();
    await api.request({ path: nodesPath, signal: controller.signal }).catch(() => undefined);
    expect((await api.request({ path: nodesPath, signal: controller.signal })).status).toBe(200);
    expect(server.network.connections).toBe(2);
  });

  test('waits as long as the server wishes after 429, then tries again', async () => {
    const { server, api, clock, controller } = fake();
    server.failNext(/./, { status: 429, headers: { 'retry-after': '2' } });
    const answer = api.request({ path: nodesPath, signal: controller.signal });
    await clock.pass(2_000);
    expect((await answer).status).toBe(200);
  });

  test('renews its credentials once after 401', async () => {
    const { server, controller, clock } = fake();
    server.token = 'new';
    let token = 'old';
    const connection = {
      source: 'a test',
      current: async () => ({ ...server.endpoint(), headers: { authorization: `Bearer ${token}` } }),
      renew: () => {
        token = 'new';
      },
    };
    const api = new ApiClient({ connection, clock });
    expect((await api.request({ path: nodesPath, signal: controller.signal })).status).toBe(200);
    expect(server.requests.length).toBe(2);
    api.close();
  });

  test('repeats what the server says, cut and with control characters escaped', async () => {
    const { server, api, controller } = fake();
    server.failNext(/./, { status: 403, body: { message: `no\u001b[2J${'x'.repeat(5_000)}` } });
    const error = await api
      .request({ path: nodesPath, signal: controller.signal })
      .catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(FeaturesealError);
    const { message } = error as FeaturesealError;
    expect(message).toContain('GET /api/v1/nodes: HTTP 403: no\\u001b[2Jxxx');
    expect(message.length).toBeLessThan(600);
  });

  test('gives up in time when nothing comes', async () => {
    const { server, api, clock, controller } = fake();
    server.failNext(/./, { silent: true });
    const reason = reasonOf(() =>
      api.request({ path: nodesPath, signal: controller.signal, timeoutMs: 7_000 }),
    );
    await clock.sleeping(7_000);
    clock.advance(7_000);
    expect(await reason).toBe('store-unavailable');
  });

  test('stops at once when its signal aborts', async () => {
    const { server, api, controller } = fake();
    server.failNext(/./, { silent: true });
    const answer = api.request({ path: nodesPath, signal: controller.signal });
    await server.requests.next();
    controller.abort(new FeaturesealError({ code: 'aborted', message: 'stop' }));
    expect(await reasonOf(() => answer)).toBe('aborted');
  });

  test('does not reach a server whose certificate another authority signed', async () => {
    const { server, controller, clock } = fake();
    const { tls, ...endpoint } = server.endpoint();
    const connection = {
      ...connectionTo(server),
      current: async () => ({ ...endpoint, tls: { rejectUnauthorized: tls.rejectUnauthorized } }),
    };
    const api = new ApiClient({ connection, clock });
    const error: unknown = await api
      .request({ path: nodesPath, signal: controller.signal })
      .catch((thrown: unknown) => thrown);
    expect(String(error)).toMatch(/store-unavailable.*certificate/);
    expect(server.requests.length).toBe(0);
  });

  test('opens a new connection when certificates change', async () => {
    const { server, api, controller } = fake();
    const endpoint = server.endpoint();
    let { tls } = endpoint;
    const connection = { ...connectionTo(server), current: async () => ({ ...endpoint, tls }) };
    const own = new ApiClient({ connection, clock: fake().clock });
    await own.request({ path: nodesPath, signal: controller.signal });
    tls = { ...tls };
    await own.request({ path: nodesPath, signal: controller.signal });
    expect(server.network.connections).toBe(1);
    tls = { ...tls, servername: 'localhost' };
    await own.request({ path: nodesPath, signal: controller.signal });
    expect(server.network.connections).toBe(2);
    own.close();
    api.close();
  });
});

describe('a stream', () => {
  const fake = fakeApi();

  test('gives lines as they come, and ends the watch when its reader leaves', async () => {
    const { server, api, controller } = fake();
    const query = { watch: 'true', resourceVersion: '100' };
    const request = { path: nodesPath, query, signal: openWatch(controller.signal) };
    for await (const event of api.stream(request, JSON.parse)) {
      expect(event).toMatchObject({ type: 'BOOKMARK' });
      break;
    }
    await until(() => !server.isWatched());

    function openWatch(signal: AbortSignal): AbortSignal {
      void server.watches.next().then(() => {
        server.bookmark();
      });
      return signal;
    }
  });

  test('fails within 25 s when the connection is half-open: pings stay without answer', async () => {
    const { server, api, clock, controller } = fake();
    const query = { watch: 'true', resourceVersion: '100' };
    const lines = api.stream({ path: nodesPath, query, signal: controller.signal }, String);
    const next = reasonOf(() => lines.next());
    await server.watches.next();
    await clock.sleeping(15_000);
    server.network.goSilent();
    await clock.pass(15_000);
    // The ping is out, and nobody answers.
    await clock.pass(10_000);
    expect(await next).toBe('store-unavailable');
  });

  test('ends soon when the server says that it goes away, to begin anew elsewhere', async () => {
    const { server, api, clock, controller } = fake();
    const query = { watch: 'true', resourceVersion: '100' };
    const lines = api.stream({ path: nodesPath, query, signal: controller.signal }, String);
    const next = reasonOf(() => lines.next());
    await server.watches.next();
    server.goAway();
    await clock.pass(5_000);
    expect(await next).toBe('store-unavailable');
  });

  test('lives on while pings are answered', async () => {
    const { server, api, clock, controller } = fake();
    const query = { watch: 'true', resourceVersion: '100' };
    const lines = api.stream({ path: nodesPath, query, signal: controller.signal }, String);
    const next = lines.next();
    await server.watches.next();
    // The answer ends the wait for it, and the next interval begins.
    for (let round = 0; round < 3; round++) await clock.pass(15_000);
    server.bookmark();
    expect((await next).done).toBe(false);
    await lines.return(undefined);
  });

  test('fails with the reason of its refusal', async () => {
    const { server, api, controller } = fake();
    server.failNext(/watch/, { status: 403 });
    const lines = api.stream(
      { path: nodesPath, query: { watch: 'true' }, signal: controller.signal },
      String,
    );
    expect(await reasonOf(() => lines.next())).toBe('store-refused');
  });
});

test('a name from outside cannot leave its place in the path', () => {
  expect(pathOf('namespaces', '../../secrets', 'a?watch=true')).toBe(
    '/namespaces/..%2F..%2Fsecrets/a%3Fwatch%3Dtrue',
  );
});
