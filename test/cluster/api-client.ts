import { once } from 'node:events';
import { Agent, request as httpsRequest } from 'node:https';
import type { IncomingMessage } from 'node:http';
import { setTimeout } from 'node:timers/promises';

/** Who asks: a client certificate of the control plane's CA. */
export interface Credentials {
  readonly name: string;
  readonly certificatePem: string;
  readonly keyPem: string;
}

/** What every API object has; everything else is for the test to know. */
export interface KubeObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly uid: string;
    readonly resourceVersion: string;
    readonly creationTimestamp: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly [member: string]: unknown;
}

export interface WatchEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR';
  readonly object: KubeObject;
}

export class ApiFailure extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

const deadlineMs = 30_000;

/** An API client that shares no code with what is tested. */
export class ApiClient {
  readonly #url: string;
  readonly #agent: Agent;
  readonly #userAgent: string | undefined;

  /** @param userAgent what stands before its `/` is noted of every write, as the name of who made it */
  constructor(url: string, caPem: string, { certificatePem, keyPem }: Credentials, userAgent?: string) {
    this.#url = url;
    this.#userAgent = userAgent;
    this.#agent = new Agent({ keepAlive: true, ca: caPem, cert: certificatePem, key: keyPem });
  }

  /** @throws ApiFailure for every status from 400 */
  async request(
    method: Method,
    path: string,
    body?: unknown,
    contentType = 'application/json',
  ): Promise<unknown> {
    const response = await this.#send(method, path, body, contentType, AbortSignal.timeout(deadlineMs));
    return JSON.parse(await textOf(response));
  }

  async get(path: string): Promise<KubeObject> {
    return (await this.request('GET', path)) as KubeObject;
  }

  async list(path: string): Promise<readonly KubeObject[]> {
    return ((await this.request('GET', path)) as { items: readonly KubeObject[] }).items;
  }

  async create(path: string, object: unknown): Promise<KubeObject> {
    return (await this.request('POST', path, object)) as KubeObject;
  }

  async replace(path: string, object: unknown): Promise<KubeObject> {
    return (await this.request('PUT', path, object)) as KubeObject;
  }

  /** JSON merge patch, as `kubectl patch --type=merge` and `kubectl label` send it. */
  async patch(path: string, patch: unknown): Promise<KubeObject> {
    return (await this.request('PATCH', path, patch, 'application/merge-patch+json')) as KubeObject;
  }

  async delete(path: string): Promise<void> {
    await this.request('DELETE', path);
  }

  /** What is there under that path, then every change, until `signal` aborts. */
  async *watch(
    path: string,
    query: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): AsyncGenerator<WatchEvent> {
    const parameters = new URLSearchParams({ ...query, watch: 'true' });
    const response = await this.#send('GET', `${path}?${parameters.toString()}`, undefined, '', signal);
    for await (const line of linesOf(response)) yield JSON.parse(line) as WatchEvent;
  }

  /** Waits until the one object of that name is as wanted (undefined: it does not exist); resolves with it. */
  async until<T extends KubeObject = KubeObject>(
    path: string,
    name: string,
    isWanted: (object: T) => boolean,
  ): Promise<T> {
    const deadline = AbortSignal.timeout(deadlineMs);
    let last: KubeObject | undefined;
    try {
      for await (const { type, object } of this.watch(
        path,
        { fieldSelector: `metadata.name=${name}` },
        deadline,
      )) {
        if (type === 'BOOKMARK' || type === 'ERROR') continue;
        last = type === 'DELETED' ? undefined : object;
        if (last !== undefined && isWanted(last as T)) return last as T;
      }
    } catch (cause) {
      if (!deadline.aborted) throw cause;
    }
    throw new Error(`${path}/${name} is not as wanted: ${JSON.stringify(last, undefined, 2)}`);
  }

  /** Whether that path is answered with success now. */
  async answers(path: string): Promise<boolean> {
    try {
      await textOf(await this.#send('GET', path, undefined, '', AbortSignal.timeout(deadlineMs)));
      return true;
    } catch {
      return false;
    }
  }

  close(): void {
    this.#agent.destroy();
  }

  /** As every client does, it comes again where the server asks it to: after a start its caches are not filled yet. */
  async #send(
    method: Method,
    path: string,
    body: unknown,
    contentType: string,
    signal: AbortSignal,
  ): Promise<IncomingMessage> {
    for (;;) {
      const response = await this.#sendOnce(method, path, body, contentType, signal);
      const { statusCode: status = 0, headers } = response;
      if (status < 400) return response;
      const text = await textOf(response);
      if (status !== 429) throw new ApiFailure(status, `${method} ${path}: ${status} ${text}`);
      await setTimeout(Number(headers['retry-after'] ?? 1) * 1_000, undefined, { signal });
    }
  }

  async #sendOnce(
    method: Method,
    path: string,
    body: unknown,
    contentType: string,
    signal: AbortSignal,
  ): Promise<IncomingMessage> {
    const text = body === undefined ? undefined : JSON.stringify(body);
    const headers = {
      accept: 'application/json',
      ...(this.#userAgent === undefined ? {} : { 'user-agent': this.#userAgent }),
      ...(text === undefined ? {} : { 'content-type': contentType }),
    };
    const request = httpsRequest(this.#url + path, { method, headers, agent: this.#agent, signal });
    // Who waits or reads is told; once nobody does, as at the end of a watch, it is no error.
    request.on('error', () => undefined);
    request.on('response', (response) => response.on('error', () => undefined));
    request.end(text);
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    return response;
  }
}

async function textOf(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

async function* linesOf(response: IncomingMessage): AsyncGenerator<string> {
  let rest = '';
  for await (const chunk of response.setEncoding('utf8')) {
    const lines = (rest + String(chunk)).split('\n');
    rest = lines.pop() ?? '';
    yield* lines;
  }
}
