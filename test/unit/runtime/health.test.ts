import { connect } from 'node:net';
import { once } from 'node:events';
import { afterEach, describe, expect, test } from '@jest/globals';
import { serveHealth, type HealthServer, type ReadyCheck } from '../../../src/runtime/health.ts';
import { silentLog } from '../../../src/runtime/log.ts';
import { createMetrics } from '../../../src/runtime/metrics.ts';

const open: HealthServer[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((server) => server.close()));
});

async function start(checks: Record<string, ReadyCheck> = {}, port = 0): Promise<HealthServer> {
  const server = await serveHealth({
    host: '127.0.0.1',
    port,
    checks,
    metrics: createMetrics(),
    log: silentLog,
  });
  open.push(server);
  return server;
}

async function get(url: string, init?: RequestInit): Promise<{ status: number; body: string }> {
  const response = await fetch(url, init);
  return { status: response.status, body: await response.text() };
}

describe('serveHealth', () => {
  test('is alive while it is not ready', async () => {
    const { url } = await start({ bundle: () => 'none yet' });
    expect(await get(`${url}/livez`)).toEqual({ status: 200, body: 'ok\n' });
  });

  test('is ready when every check is, and names the one that is not', async () => {
    let reason: string | undefined = 'no bundle yet';
    const { url } = await start({ bundle: () => reason, store: () => undefined });
    expect(await get(`${url}/readyz`)).toEqual({ status: 503, body: 'bundle: no bundle yet\nstore: ok\n' });
    reason = undefined;
    expect(await get(`${url}/readyz?verbose`)).toEqual({ status: 200, body: 'bundle: ok\nstore: ok\n' });
  });

  test('serves metrics', async () => {
    const { url } = await start();
    const { status, body } = await get(`${url}/metrics`);
    expect(status).toBe(200);
    expect(body).toContain('# TYPE process_resident_memory_bytes gauge');
  });

  test.each([
    ['another path', '/', 'GET', 404],
    ['a change', '/livez', 'POST', 405],
  ])('refuses %s', async (_, path, method, status) => {
    const { url } = await start();
    expect((await get(url + path, { method })).status).toBe(status);
  });

  test('answers HEAD without a body', async () => {
    const { url } = await start();
    expect(await get(`${url}/livez`, { method: 'HEAD' })).toEqual({ status: 200, body: '' });
  });

  test('a check that throws is a 500 without its details', async () => {
    const { url } = await start({
      broken: () => {
        throw new Error('a secret');
      },
    });
    expect(await get(`${url}/readyz`)).toEqual({ status: 500, body: 'internal error\n' });
  });

  test('says which port is taken', async () => {
    const { url } = await start();
    const port = Number(new URL(url).port);
    await expect(start({}, port)).rejects.toMatchObject({
      code: 'config-invalid',
      message: expect.stringContaining('EADDRINUSE'),
    });
  });

  test('close ends connections that are open, and may be called again', async () => {
    const server = await start();
    const socket = connect(Number(new URL(server.url).port), '127.0.0.1');
    await once(socket, 'connect');
    socket.on('error', () => undefined);
    const ended = once(socket, 'close');
    await server.close();
    await ended;
    await server.close();
    await expect(fetch(server.url)).rejects.toThrow();
  });
});
