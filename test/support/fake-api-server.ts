// An API server as far as this project speaks to one: HTTP/2 over TLS on a real socket, with lists in pages, watches with
// bookmarks, resourceVersions and UIDs as preconditions, merge patches, and all the ways in which it may fail. It
// checks no schema: what a CRD keeps and drops is tested on the real one.
import { once } from 'node:events';
import {
  createSecureServer,
  type Http2SecureServer,
  type Http2ServerRequest,
  type Http2ServerResponse,
  type ServerHttp2Session,
} from 'node:http2';
import type { AddressInfo } from 'node:net';
import type { Connection, Endpoint } from '../../src/kube/endpoint.ts';
import { createTestCa, toPem, toPkcs8 } from './certificates.ts';
import { FakeNetwork } from './fake-api/network.ts';
import { FakeObjects, isIn, isSelected, merged, type ApiObject } from './fake-api/objects.ts';
import { Queue } from './queue.ts';

export type { ApiObject } from './fake-api/objects.ts';

export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
}

/** How a request fails: an HTTP answer, a cut connection, or silence. */
export interface Failure {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Text as it is; anything else as JSON. */
  readonly body?: unknown;
  readonly cut?: boolean;
  readonly silent?: boolean;
}

interface Watch {
  readonly prefix: string;
  readonly name: string | undefined;
  readonly response: Http2ServerResponse;
}

/** `.../nodes`, `.../nodes/NAME`. */
const path =
  /^(?<collection>.*\/(?:nodes|nodefeatures|leases|events|configmaps|deployments|daemonsets|csidrivers|customresourcedefinitions))(?:\/(?<name>[^/]+))?$/;

export class FakeApiServer {
  readonly network: FakeNetwork;
  readonly objects = new FakeObjects(({ path, type, object }) => {
    for (const watch of this.#watches) if (concerns(watch, path)) send(watch, type, object);
  });
  readonly caPem: string;
  /** Every request, as it comes in. */
  readonly requests = new Queue<SeenRequest>();
  /** Every watch, once its head is sent. */
  readonly watches = new Queue<URLSearchParams>();
  /** The path of every request, once it is answered whole. */
  readonly answered = new Queue<string>();
  /** Largest page, whatever the client asks for. */
  maxPage = Infinity;
  /** The one bearer token that it takes; undefined: everybody may come. */
  token: string | undefined;
  readonly #server: Http2SecureServer;
  readonly #sessions = new Set<ServerHttp2Session>();
  readonly #watches = new Set<Watch>();
  readonly #failures: { readonly matches: RegExp; readonly failure: Failure }[] = [];
  readonly #answers: { readonly matches: RegExp; readonly answer: (seen: SeenRequest) => unknown }[] = [];

  private constructor(server: Http2SecureServer, network: FakeNetwork, caPem: string) {
    this.#server = server;
    this.network = network;
    this.caPem = caPem;
    server.on('session', (session) => {
      this.#sessions.add(session);
      session.on('error', () => undefined);
      session.on('close', () => this.#sessions.delete(session));
    });
    server.on('request', (request, response) => void this.#answer(request, response));
  }

  static async start(): Promise<FakeApiServer> {
    const ca = await createTestCa({ trustDomain: 'cluster.local' });
    const names = [{ type: 'ip', value: '127.0.0.1' } as const, { type: 'dns', value: 'localhost' } as const];
    const { chain, key } = await ca.issue({ names });
    const der = Buffer.from(await toPkcs8(key)).toString('base64');
    const server = createSecureServer({
      cert: toPem(chain),
      key: `-----BEGIN PRIVATE KEY-----\n${der}\n-----END PRIVATE KEY-----\n`,
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const network = await FakeNetwork.start((server.address() as AddressInfo).port);
    return new FakeApiServer(server, network, toPem([ca.root]));
  }

  endpoint(): Endpoint {
    return {
      origin: `https://127.0.0.1:${this.network.port}`,
      prefix: '',
      tls: { ca: this.caPem, rejectUnauthorized: true },
      headers: this.token === undefined ? {} : { authorization: `Bearer ${this.token}` },
    };
  }

  isWatched(): boolean {
    return this.#watches.size > 0;
  }

  /** The next request whose `METHOD path?query` matches fails so. */
  failNext(matches: RegExp, failure: Failure): void {
    this.#failures.push({ matches, failure });
  }

  /** Every request whose `METHOD path` matches is answered so: reviews, versions, what is no collection. */
  answers(matches: RegExp, answer: (seen: SeenRequest) => unknown): void {
    this.#answers.push({ matches, answer });
  }

  bookmark(): void {
    const object = { metadata: { resourceVersion: String(++this.objects.version) } };
    for (const watch of this.#watches) send(watch, 'BOOKMARK', object);
  }

  /** Tells every watch of an error inside the stream. */
  sendError(code: number, message: string): void {
    for (const watch of this.#watches) send(watch, 'ERROR', status(code, message));
  }

  /** Ends every watch as the server does after timeoutSeconds. */
  endWatches(): void {
    for (const { response } of this.#watches) response.end();
  }

  /** Tells clients to come again on a new connection, as a server does that shuts down. */
  goAway(): void {
    for (const session of this.#sessions) session.close();
  }

  async close(): Promise<void> {
    await this.network.close();
    this.#server.close();
    for (const session of this.#sessions) session.destroy();
    await once(this.#server, 'close');
  }

  async #answer(request: Http2ServerRequest, response: Http2ServerResponse): Promise<void> {
    response.on('error', () => undefined);
    response.stream.on('finish', () => {
      this.answered.push(request.url);
    });
    const url = new URL(request.url, 'https://fake');
    const chunks: Buffer[] = [];
    try {
      for await (const chunk of request) chunks.push(chunk as Buffer);
    } catch {
      return;
    }
    const text = Buffer.concat(chunks).toString();
    const seen: SeenRequest = {
      method: request.method,
      path: url.pathname,
      query: url.searchParams,
      headers: request.headers as Record<string, string>,
      body: text === '' ? undefined : JSON.parse(text),
    };
    this.requests.push(seen);
    const index = this.#failures.findIndex(({ matches }) => matches.test(`${seen.method} ${request.url}`));
    const [planned] = index < 0 ? [] : this.#failures.splice(index, 1);
    if (planned !== undefined) return this.#fail(planned.failure, response);
    if (this.token !== undefined && seen.headers['authorization'] !== `Bearer ${this.token}`) {
      return reply(response, 401, status(401, 'Unauthorized'));
    }
    this.#serve(seen, response);
  }

  #fail(failure: Failure, response: Http2ServerResponse): void {
    if (failure.silent === true) return;
    if (failure.cut === true) return this.network.reset();
    const code = failure.status ?? 500;
    reply(response, code, failure.body ?? status(code, 'made to fail'), failure.headers);
  }

  #serve(seen: SeenRequest, response: Http2ServerResponse): void {
    const made = this.#answers.findLast(({ matches }) => matches.test(`${seen.method} ${seen.path}`));
    if (made !== undefined) return reply(response, 200, made.answer(seen));
    const { collection, name } = path.exec(seen.path)?.groups ?? {};
    if (collection === undefined)
      return reply(response, 404, status(404, 'the server could not find the resource'));
    if (name !== undefined) return this.#serveOne(collection, name, seen, response);
    if (seen.method === 'POST') return this.#create(collection, seen, response);
    if (seen.query.get('watch') === 'true') return this.#watch(collection, seen, response);
    this.#list(collection, seen, response);
  }

  #list(collection: string, { query }: SeenRequest, response: Http2ServerResponse): void {
    const [version, from] = (query.get('continue') ?? `${this.objects.version} 0`).split(' ').map(Number) as [
      number,
      number,
    ];
    if (version < this.objects.oldest)
      return reply(response, 410, status(410, 'the continue parameter is too old'));
    const limit = Math.min(Number(query.get('limit') ?? Infinity), this.maxPage);
    const all = this.objects.all(collection).filter((object) => isSelected(object, query));
    const more = from + limit < all.length ? { continue: `${version} ${from + limit}` } : {};
    const metadata = { resourceVersion: String(version), ...more };
    reply(response, 200, { kind: 'List', metadata, items: all.slice(from, from + limit) });
  }

  #watch(collection: string, { query }: SeenRequest, response: Http2ServerResponse): void {
    const from = Number(query.get('resourceVersion'));
    const watch: Watch = { prefix: collection, name: nameIn(query), response };
    response.writeHead(200, { 'content-type': 'application/json' });
    this.watches.push(query);
    if (from < this.objects.oldest) {
      send(watch, 'ERROR', status(410, 'too old resource version'));
      response.end();
      return;
    }
    this.#watches.add(watch);
    response.on('close', () => this.#watches.delete(watch));
    for (const { path, type, object } of this.objects.changesAfter(from)) {
      if (concerns(watch, path)) send(watch, type, object);
    }
  }

  #create(collection: string, { body }: SeenRequest, response: Http2ServerResponse): void {
    const object = body as ApiObject;
    if (this.objects.get(collection, object.metadata) !== undefined) {
      return reply(response, 409, status(409, `"${object.metadata.name}" already exists`));
    }
    reply(response, 201, this.objects.put(collection, object));
  }

  #serveOne(collection: string, name: string, seen: SeenRequest, response: Http2ServerResponse): void {
    const { method, body, headers } = seen;
    const known = this.objects.get(collection, { name });
    if (known === undefined) return reply(response, 404, status(404, 'not found'));
    if (method === 'GET') return reply(response, 200, known);
    const sent = body as ApiObject;
    const { uid, resourceVersion } = (sent.metadata as Partial<ApiObject['metadata']> | undefined) ?? {};
    if (resourceVersion !== undefined && resourceVersion !== known.metadata.resourceVersion) {
      return reply(response, 409, status(409, 'the object has been modified'));
    }
    if (uid !== undefined && uid !== known.metadata.uid) {
      // So the real one: a precondition where the object is replaced, an immutable field where it is patched.
      const code = method === 'PUT' ? 409 : 422;
      return reply(response, code, status(code, 'another UID'));
    }
    if (method === 'PATCH' && headers['content-type'] !== 'application/merge-patch+json') {
      return reply(response, 415, status(415, 'unsupported patch'));
    }
    const next = method === 'PUT' ? sent : (merged(known, sent) as ApiObject);
    reply(response, 200, this.objects.put(collection, next));
  }
}

/** A connection to a fake server, whose credentials change when its own do. */
export function connectionTo(server: FakeApiServer): Connection {
  return { source: 'a test', current: async () => server.endpoint(), renew: () => undefined };
}

function concerns({ prefix, name }: Watch, path: string): boolean {
  return isIn(path, prefix) && (name === undefined || path.endsWith(`/${name}`));
}

function nameIn(query: URLSearchParams): string | undefined {
  return query.get('fieldSelector')?.replace('metadata.name=', '');
}

function send({ response }: Watch, type: string, object: unknown): void {
  response.write(`${JSON.stringify({ type, object })}\n`);
}

function reply(
  response: Http2ServerResponse,
  code: number,
  body: unknown,
  headers: Failure['headers'] = {},
): void {
  response.writeHead(code, { 'content-type': 'application/json', ...headers });
  response.end(typeof body === 'string' ? body : JSON.stringify(body));
}

function status(code: number, message: string): unknown {
  return { kind: 'Status', apiVersion: 'v1', status: 'Failure', code, message };
}
