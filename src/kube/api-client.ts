import { FeaturesealError } from '../error.ts';
import type { ReasonCode } from '../error-codes.ts';
import type { Clock } from '../port/clock.ts';
import { linesOf, textOf } from './body.ts';
import type { Connection } from './endpoint.ts';
import { startDeadline } from './deadline.ts';
import { exchange, type Answer } from './exchange.ts';
import { isReplaced, SessionKeeper } from './session.ts';
import { isExpired, statusError } from './status.ts';

export interface ApiRequest {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Segments that come from outside must be encoded: see {@link pathOf}. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string | undefined>>;
  /** Sent as JSON. */
  readonly body?: unknown;
  readonly contentType?: string;
  readonly accept?: string;
  readonly signal: AbortSignal;
  /** Time for the whole answer, 30 s where absent. */
  readonly timeoutMs?: number;
  /** HTTP statuses that are an answer, not a failure: 404 where absence is one. */
  readonly expect?: readonly number[];
}

export interface ApiResponse {
  readonly status: number;
  /** Parsed, not trusted; undefined where the body is empty. */
  readonly json: unknown;
  /** The server's time, in whole seconds (RFC 9110 section 6.6.1). */
  readonly date: string | undefined;
}

/** What a call is for. */
export type ApiOperation = 'list' | 'watch' | 'read' | 'write';

export interface ApiClientOptions {
  readonly connection: Connection;
  readonly clock: Clock;
  /** Names this program in the API server's audit log. */
  readonly userAgent?: string;
  /** Largest answer that is read, 64 MiB where absent. */
  readonly maxResponseBytes?: number;
  /** Told of every call that failed, for metrics; who called is told by the error. Must not throw. */
  readonly onFailure?: (operation: ApiOperation, code: ReasonCode) => void;
}

const defaultTimeoutMs = 30_000;
/** The API server asks for patience with a whole number of seconds; more than this is left to the caller's back-off. */
const longestRetryAfterMs = 10_000;
const mostAttempts = 5;

/**
 * Calls to one API server over one pooled connection. Failures are FeaturesealErrors: store-conflict (409),
 * store-refused (other 4xx: credentials, roles, a wrong object), store-unavailable (429, 5xx, network, time),
 * object-too-large (answer), config-invalid (credentials cannot be read), or the reason of the signal.
 */
export class ApiClient {
  readonly #connection: Connection;
  readonly #clock: Clock;
  readonly #userAgent: string;
  readonly #maxResponseBytes: number;
  readonly #onFailure: NonNullable<ApiClientOptions['onFailure']>;
  readonly #sessions: SessionKeeper;

  constructor({
    connection,
    clock,
    userAgent = 'featureseal',
    maxResponseBytes = 64 * 1024 * 1024,
    onFailure = () => undefined,
  }: ApiClientOptions) {
    this.#connection = connection;
    this.#clock = clock;
    this.#userAgent = userAgent;
    this.#maxResponseBytes = maxResponseBytes;
    this.#onFailure = onFailure;
    this.#sessions = new SessionKeeper(clock);
  }

  /** One call and its whole answer: a success, or a status that the request expects. */
  async request(request: ApiRequest): Promise<ApiResponse> {
    const { signal, timeoutMs = defaultTimeoutMs, expect = [] } = request;
    const deadline = startDeadline(timeoutMs, signal, this.#clock);
    try {
      const answer = await this.#send(request, deadline.signal);
      const json = parsed(await textOf(answer.body, this.#maxResponseBytes), answer.status);
      const { status, headers } = answer;
      if (isSuccess(status) || expect.includes(status)) return { status, json, date: headers.date };
      throw statusError(describe(request), answer.status, json);
    } catch (thrown) {
      this.#tellOf(thrown, operationOf(request));
      throw thrown;
    } finally {
      deadline.clear();
    }
  }

  /**
   * What `parse` makes of the lines of an answer that has no end, as they come; where it throws, the stream ends. The head
   * of the answer must come in time; after that only `signal` and the reader end it. Half-open connections are noticed
   * within 25 s.
   */
  async *stream<T>(request: ApiRequest, parse: (line: string) => T): AsyncGenerator<T> {
    const { signal, timeoutMs = defaultTimeoutMs } = request;
    const deadline = startDeadline(timeoutMs, signal, this.#clock);
    try {
      const answer = await this.#send(request, deadline.signal);
      if (!isSuccess(answer.status)) {
        const json = parsed(await textOf(answer.body, this.#maxResponseBytes), answer.status);
        throw statusError(describe(request), answer.status, json);
      }
      deadline.disarm();
      for await (const line of linesOf(answer.body)) yield parse(line);
    } catch (thrown) {
      this.#tellOf(thrown, 'watch');
      throw thrown;
    } finally {
      deadline.clear();
    }
  }

  /** Ends the connection and every call under way. */
  close(): void {
    this.#sessions.close();
  }

  /** Who stops a call makes it no failure, a move to a new connection neither, and a server may forget old versions. */
  #tellOf(thrown: unknown, operation: ApiOperation): void {
    const isStop = !(thrown instanceof FeaturesealError) || thrown.code === 'aborted';
    if (!isStop && !isExpired(thrown) && !isReplaced(thrown)) this.#onFailure(operation, thrown.code);
  }

  /** Sends until there is an answer that counts: credentials renewed after a 401, the server's wish honoured after a 429. */
  async #send(request: ApiRequest, signal: AbortSignal): Promise<Answer> {
    for (let attempt = 1; ; attempt++) {
      const answer = await this.#sendOnce(request, signal);
      const wait = attempt < mostAttempts ? this.#retryAfterMs(answer, attempt) : undefined;
      if (wait === undefined) return answer;
      await textOf(answer.body, this.#maxResponseBytes);
      if (wait > 0) await this.#clock.sleep(wait, signal);
      signal.throwIfAborted();
    }
  }

  async #sendOnce(
    { method = 'GET', path, query = {}, ...request }: ApiRequest,
    signal: AbortSignal,
  ): Promise<Answer> {
    const endpoint = await this.#connection.current();
    const session = this.#sessions.session(endpoint);
    const hasBody = request.body !== undefined;
    const headers = {
      ...endpoint.headers,
      ':method': method,
      ':path': `${endpoint.prefix}${path}${queryText(query)}`,
      accept: request.accept ?? 'application/json',
      'user-agent': this.#userAgent,
      ...(hasBody ? { 'content-type': request.contentType ?? 'application/json' } : {}),
    };
    return exchange(session, headers, hasBody ? JSON.stringify(request.body) : undefined, signal);
  }

  /** How long to wait before the same call is tried again; undefined: not at all. Neither status has changed anything. */
  #retryAfterMs({ status, headers }: Answer, attempt: number): number | undefined {
    if (status === 401 && attempt === 1) {
      this.#connection.renew();
      return 0;
    }
    if (status !== 429) return undefined;
    const ms = Number(headers['retry-after'] ?? 1) * 1000;
    return ms >= 0 && ms <= longestRetryAfterMs ? ms : undefined;
  }
}

/** A path of encoded segments: names from outside cannot leave their place. */
export function pathOf(...segments: readonly string[]): string {
  return segments.map((segment) => `/${encodeURIComponent(segment)}`).join('');
}

function queryText(query: Readonly<Record<string, string | undefined>>): string {
  const given = Object.entries(query).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return given.length === 0 ? '' : `?${new URLSearchParams(given).toString()}`;
}

/** Every list has a limit: this client reads none in one piece. */
function operationOf({ method = 'GET', query }: ApiRequest): ApiOperation {
  if (method !== 'GET') return 'write';
  return query?.['limit'] === undefined ? 'read' : 'list';
}

function describe({ method = 'GET', path }: ApiRequest): string {
  return `${method} ${path}`;
}

function isSuccess(status: number): boolean {
  return status >= 200 && status < 300;
}

function parsed(text: string, status: number): unknown {
  if (text === '') return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    // A proxy's page of HTML, mostly: the status says more.
    if (!isSuccess(status)) return undefined;
    const message = 'the API server answered something else than JSON; is there a proxy in between?';
    throw new FeaturesealError({ code: 'store-unavailable', message, cause });
  }
}
