// An API server as far as this project speaks to one: HTTP/2 over TLS on a real socket, with lists in pages, watches with
// bookmarks, resourceVersions and UIDs as preconditions, merge patches, and all the ways in which it may fail. It
// checks no schema: what a CRD keeps and drops is tested on the real one.
import {
  createSecureServer,
  type Http2SecureServer,
  type Http2ServerRequest,
  type Http2ServerResponse,
  type ServerHttp2Session,
} from 'node:http2';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { once } from 'node:events';
import type { Connection, Endpoint } from '../../src/kube/connection.ts';
import { createTestCa, toPem, toPkcs8 } from './certificates.ts';
import { Queue } from './queue.ts';

/** An API object as JSON: these tests write whole ones. */
export interface ApiObject {
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly uid?: string;
    readonly resourceVersion?: string;
    readonly creationTimestamp?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly [member: string]: unknown;
}

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

interface Change {
  readonly version: number;
  readonly path: string;
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly object: ApiObject;
}

const collections =
  /^(?<base>.*?)(?:\/namespaces\/(?<namespace>[^/]+))?\/(?<plural>nodes|nodefeatures|leases|events)(?:\/(?<name>[^/]+))?$/;

export class FakeApiServer {
  readonly #server: Http2SecureServer;
  /** Between client and server, so that a connection can be cut or go silent as a network does it. */
  readonly #front: Server;
  readonly #pipes = new Set<{ readonly near: Socket; readonly far: Socket }>();
  readonly #sessions = new Set<ServerHttp2Session>();
  readonly #objects = new Map<string, ApiObject>();
  readonly #changes: Change[] = [];
  readonly #watches = new Set<Watch>();
  readonly #failures: { readonly matches: RegExp; readonly failure: Failure }[] = [];
  readonly caPem: string;
  /** Every request, as it comes in. */
  readonly requests = new Queue<SeenRequest>();
  /** Every watch, once its head is sent. */
  readonly watches = new Queue<URLSearchParams>();
  /** The path of every request, once it is answered whole. */
  readonly answered = new Queue<string>();
  /** TCP connections so far. */
  connections = 0;
  /** Largest page, whatever the client asks for. */
  maxPage = Infinity;
  token: string | undefined;
  #version = 100;
  #oldest = 0;

  private constructor(server: Http2SecureServer, caPem: string) {
    this.caPem = caPem;
    this.#server = server;
    this.#server.on('session', (session) => {
      this.#sessions.add(session);
      session.on('error', () => undefined);
      session.on('close', () => this.#sessions.delete(session));
    });
    this.#server.on('request', (request, response) => void this.#answer(request, response));
    this.#front = createServer((near) => {
      this.#join(near);
    });
  }

  static async start(): Promise<FakeApiServer> {
    const ca = await createTestCa({ trustDomain: 'cluster.local' });
    const { chain, key } = await ca.issue({
      names: [
        { type: 'ip', value: '127.0.0.1' },
        { type: 'dns', value: 'localhost' },
      ],
    });
    const der = Buffer.from(await toPkcs8(key)).toString('base64');
    const server = createSecureServer({
      cert: toPem(chain),
      key: `-----BEGIN PRIVATE KEY-----\n${der}\n-----END PRIVATE KEY-----\n`,
      ca: toPem([ca.root]),
      requestCert: true,
      rejectUnauthorized: false,
    });
    const fake = new FakeApiServer(server, toPem([ca.root]));
    server.listen(0, '127.0.0.1');
    fake.#front.listen(0, '127.0.0.1');
    await Promise.all([once(server, 'listening'), once(fake.#front, 'listening')]);
    return fake;
  }

  get port(): number {
    return (this.#front.address() as AddressInfo).port;
  }

  endpoint(): Endpoint {
    return {
      origin: `https://127.0.0.1:${this.port}`,
      prefix: '',
      tls: { ca: this.caPem, rejectUnauthorized: true },
      headers: this.token === undefined ? {} : { authorization: `Bearer ${this.token}` },
    };
  }

  /** Writes an object under the collection of its kind, as somebody with every right. */
  put(collection: string, object: ApiObject): ApiObject {
    const path = objectPath(collection, object.metadata);
    const known = this.#objects.get(path);
    const version = ++this.#version;
    const stored: ApiObject = {
      ...object,
      metadata: {
        creationTimestamp: '2026-06-01T11:00:00Z',
        ...object.metadata,
        uid: known?.metadata.uid ?? object.metadata.uid ?? `uid-${version}`,
        resourceVersion: String(version),
      },
    };
    this.#objects.set(path, stored);
    this.#tell({ version, path, type: known === undefined ? 'ADDED' : 'MODIFIED', object: stored });
    return stored;
  }

  delete(collection: string, metadata: ApiObject['metadata']): void {
    const path = objectPath(collection, metadata);
    const known = this.#objects.get(path);
    if (known === undefined) throw new Error(`there is no ${path}`);
    this.#objects.delete(path);
    const version = ++this.#version;
    const object = { ...known, metadata: { ...known.metadata, resourceVersion: String(version) } };
    this.#tell({ version, path, type: 'DELETED', object });
  }

  get(collection: string, metadata: ApiObject['metadata']): ApiObject | undefined {
    return this.#objects.get(objectPath(collection, metadata));
  }

  all(collection: string): readonly ApiObject[] {
    return [...this.#objects].filter(([path]) => isIn(path, collection)).map(([, object]) => object);
  }

  isWatched(): boolean {
    return this.#watches.size > 0;
  }

  /** The next request whose `METHOD path?query` matches fails so. */
  failNext(matches: RegExp, failure: Failure): void {
    this.#failures.push({ matches, failure });
  }

  /** Forgets history: who watches from before now is told 410. */
  compact(): void {
    this.#oldest = ++this.#version;
    this.#changes.length = 0;
  }

  /** As if etcd had been restored from a backup. */
  goBack(versions: number): void {
    this.#version -= versions;
  }

  bookmark(): void {
    const object = { metadata: { resourceVersion: String(++this.#version) } };
    for (const watch of this.#watches) send(watch, 'BOOKMARK', object);
  }

  /** Tells every watch of an error inside the stream. */
  sendError(code: number, message: string): void {
    const object = { kind: 'Status', code, message };
    for (const watch of this.#watches) send(watch, 'ERROR', object);
  }

  /** Ends every watch as the server does after timeoutSeconds. */
  endWatches(): void {
    for (const { response } of this.#watches) response.end();
  }

  /** Cuts every connection with a TCP reset. */
  reset(): void {
    for (const { near, far } of this.#pipes) {
      near.resetAndDestroy();
      far.destroy();
    }
  }

  /** Answers wait until the way is let free; then all of them arrive at once. */
  hold(): () => void {
    const held = [...this.#pipes];
    for (const { near, far } of held) far.unpipe(near).pause();
    return () => {
      for (const { near, far } of held) far.pipe(near);
    };
  }

  /** From now on no byte passes on the connections that stand: half-open, as after a node's death. New ones work. */
  goSilent(): void {
    for (const { near, far } of this.#pipes) {
      near.unpipe(far);
      far.unpipe(near);
    }
  }

  /** Tells clients to come again on a new connection, as a server does that shuts down. */
  goAway(): void {
    for (const session of this.#sessions) session.close();
  }

  async close(): Promise<void> {
    for (const { near, far } of this.#pipes) {
      near.destroy();
      far.destroy();
    }
    this.#front.close();
    this.#server.close();
    for (const session of this.#sessions) session.destroy();
    await Promise.all([once(this.#front, 'close'), once(this.#server, 'close')]);
  }

  #join(near: Socket): void {
    this.connections += 1;
    const far = connect((this.#server.address() as AddressInfo).port, '127.0.0.1');
    const pipe = { near, far };
    this.#pipes.add(pipe);
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      one.pipe(other);
      one.on('error', () => undefined);
      one.on('close', () => {
        this.#pipes.delete(pipe);
        other.destroy();
      });
    }
  }

  #tell(change: Change): void {
    this.#changes.push(change);
    for (const watch of this.#watches)
      if (concerns(watch, change.path)) send(watch, change.type, change.object);
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
    if (failure.cut === true) return this.reset();
    const code = failure.status ?? 500;
    reply(response, code, failure.body ?? status(code, 'made to fail'), failure.headers);
  }

  #serve(seen: SeenRequest, response: Http2ServerResponse): void {
    const parts = collections.exec(seen.path)?.groups;
    if (parts === undefined)
      return reply(response, 404, status(404, 'the server could not find the requested resource'));
    const collection = seen.path.slice(
      0,
      seen.path.length - (parts['name'] === undefined ? 0 : parts['name'].length + 1),
    );
    if (parts['name'] !== undefined) return this.#serveOne(seen, response);
    if (seen.method === 'POST') return this.#create(collection, seen, response);
    if (seen.query.get('watch') === 'true') return this.#watch(collection, seen, response);
    this.#list(collection, seen, response);
  }

  #list(collection: string, { query }: SeenRequest, response: Http2ServerResponse): void {
    const [version, from] = (query.get('continue') ?? `${this.#version} 0`).split(' ').map(Number) as [
      number,
      number,
    ];
    if (version < this.#oldest)
      return reply(response, 410, status(410, 'The provided continue parameter is too old'));
    const limit = Math.min(Number(query.get('limit') ?? Infinity), this.maxPage);
    const all = this.all(collection).filter((object) => isSelected(object, nameIn(query)));
    const metadata = {
      resourceVersion: String(version),
      ...(from + limit < all.length ? { continue: `${version} ${from + limit}` } : {}),
    };
    reply(response, 200, { kind: 'List', metadata, items: all.slice(from, from + limit) });
  }

  #watch(collection: string, { query }: SeenRequest, response: Http2ServerResponse): void {
    const from = Number(query.get('resourceVersion'));
    const watch: Watch = { prefix: collection, name: nameIn(query), response };
    response.writeHead(200, { 'content-type': 'application/json' });
    this.watches.push(query);
    if (from < this.#oldest) {
      send(watch, 'ERROR', status(410, 'too old resource version'));
      response.end();
      return;
    }
    this.#watches.add(watch);
    response.on('close', () => this.#watches.delete(watch));
    for (const { version, path, type, object } of this.#changes) {
      if (version > from && concerns(watch, path)) send(watch, type, object);
    }
  }

  #create(collection: string, { body }: SeenRequest, response: Http2ServerResponse): void {
    const object = body as ApiObject;
    if (this.get(collection, object.metadata) !== undefined) {
      return reply(response, 409, status(409, `"${object.metadata.name}" already exists`));
    }
    reply(response, 201, this.put(collection, object));
  }

  #serveOne({ method, path, body, headers }: SeenRequest, response: Http2ServerResponse): void {
    const known = this.#objects.get(path);
    if (known === undefined) return reply(response, 404, status(404, 'not found'));
    if (method === 'GET') return reply(response, 200, known);
    const sent = body as ApiObject;
    const { uid, resourceVersion } = (sent.metadata as Partial<ApiObject['metadata']> | undefined) ?? {};
    if (resourceVersion !== undefined && resourceVersion !== known.metadata.resourceVersion) {
      return reply(response, 409, status(409, 'the object has been modified'));
    }
    if (uid !== undefined && uid !== known.metadata.uid) {
      const code = method === 'PUT' ? 409 : 422;
      return reply(response, code, status(code, 'another UID'));
    }
    if (method === 'PATCH' && headers['content-type'] !== 'application/merge-patch+json') {
      return reply(response, 415, status(415, 'unsupported patch'));
    }
    const collection = path.slice(0, path.lastIndexOf('/'));
    reply(response, 200, this.put(collection, method === 'PUT' ? sent : (merged(known, sent) as ApiObject)));
  }
}

/** A connection to a fake server, whose credentials change when its own do. */
export function connectionTo(server: FakeApiServer): Connection {
  return { source: 'a test', current: async () => server.endpoint(), renew: () => undefined };
}

function objectPath(collection: string, { namespace, name }: ApiObject['metadata']): string {
  const inNamespace = namespace === undefined || collection.includes('/namespaces/');
  const at = collection.lastIndexOf('/');
  return inNamespace
    ? `${collection}/${name}`
    : `${collection.slice(0, at)}/namespaces/${namespace}${collection.slice(at)}/${name}`;
}

/** Of a namespace, or of all. */
function isIn(path: string, collection: string): boolean {
  const parent = path.slice(0, path.lastIndexOf('/'));
  return parent === collection || parent.replace(/\/namespaces\/[^/]+/, '') === collection;
}

function concerns({ prefix, name }: Watch, path: string): boolean {
  return isIn(path, prefix) && (name === undefined || path.endsWith(`/${name}`));
}

function nameIn(query: URLSearchParams): string | undefined {
  return query.get('fieldSelector')?.replace('metadata.name=', '');
}

function isSelected(object: ApiObject, name: string | undefined): boolean {
  return name === undefined || object.metadata.name === name;
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

/** RFC 7396. */
function merged(target: unknown, patch: unknown): unknown {
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) return patch;
  const result = { ...(typeof target === 'object' && target !== null ? target : {}) } as Record<
    string,
    unknown
  >;
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) Reflect.deleteProperty(result, key);
    else result[key] = merged(result[key], value);
  }
  return result;
}
