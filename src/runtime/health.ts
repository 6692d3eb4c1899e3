import { once } from 'node:events';
import type * as http from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { createRequire } from 'node:module';
import { isIPv6 } from 'node:net';
import { asFeaturesealError } from '../error.ts';
import type { Log } from '../port/log.ts';
import type { Metrics } from './metrics.ts';

// Required: an import reads all that the module exports, its WebSocket too, and with it a client of HTTP that nobody here
// needs; 2 MB for each worker and master.
const { createServer } = createRequire(import.meta.url)('node:http') as typeof http;

/** Says why it is not ready, or undefined where it is. */
export type ReadyCheck = () => string | undefined;

export interface HealthOptions {
  /** `0.0.0.0` where kubelet asks; `127.0.0.1` elsewhere. */
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** By name, as in the answer of /readyz. */
  readonly checks: Readonly<Record<string, ReadyCheck>>;
  readonly metrics: Metrics;
  readonly log: Log;
}

export interface HealthServer {
  /** `http://host:port`, with the port that was taken. */
  readonly url: string;
  /** Ends open connections too; may be called again. */
  close(): Promise<void>;
}

/**
 * Answers /livez (200 as long as the process answers at all), /readyz (200, or 503 with a line for each check
 * that fails) and /metrics. Plain HTTP: nothing in it is secret, and it changes nothing.
 */
export async function serveHealth(options: HealthOptions): Promise<HealthServer> {
  const server = createServer({ requestTimeout: 5_000, headersTimeout: 5_000, maxHeaderSize: 8_192 });
  server.maxConnections = 64;
  server.on('request', (request, response) => {
    answer(request, options).then(
      ({ status, contentType, body }) => {
        send(response, status, contentType, request.method === 'HEAD' ? '' : body);
      },
      (error: unknown) => {
        options.log.error('a health request failed', { error });
        send(response, 500, plainText, 'internal error\n');
      },
    );
  });
  await listen(server, options);
  return { url: urlOf(server), close: () => close(server) };
}

interface Answer {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
}

const plainText = 'text/plain; charset=utf-8';

async function answer(request: IncomingMessage, { checks, metrics }: HealthOptions): Promise<Answer> {
  if (request.method !== 'GET' && request.method !== 'HEAD') return text(405, 'only GET and HEAD\n');
  // Without its query; no URL parser, which would throw on a malformed target.
  switch (request.url?.split('?', 1)[0]) {
    case '/livez':
      return text(200, 'ok\n');
    case '/readyz':
      return readiness(checks);
    case '/metrics':
      return { status: 200, ...(await metrics.render()) };
    default:
      return text(404, 'try /livez, /readyz or /metrics\n');
  }
}

function readiness(checks: HealthOptions['checks']): Answer {
  const lines = Object.entries(checks).map(([name, check]) => ({ name, reason: check() }));
  const body = lines.map(({ name, reason }) => `${name}: ${reason ?? 'ok'}\n`).join('');
  return text(lines.every(({ reason }) => reason === undefined) ? 200 : 503, body);
}

function text(status: number, body: string): Answer {
  return { status, contentType: plainText, body };
}

function send(response: ServerResponse, status: number, contentType: string, body: string): void {
  response.writeHead(status, { 'content-type': contentType, 'cache-control': 'no-store' }).end(body);
}

async function listen(server: Server, { host, port }: HealthOptions): Promise<void> {
  try {
    await once(server.listen(port, host), 'listening');
  } catch (error) {
    throw asFeaturesealError(error, 'config-invalid', 'the health server cannot listen');
  }
}

function urlOf(server: Server): string {
  const address = server.address();
  if (address === null || typeof address === 'string')
    throw new TypeError('a listening server has an address');
  return `http://${isIPv6(address.address) ? `[${address.address}]` : address.address}:${address.port}`;
}

async function close(server: Server): Promise<void> {
  if (!server.listening) return;
  const closed = once(server, 'close');
  server.close();
  server.closeAllConnections();
  await closed;
}
