import { once, EventEmitter } from 'node:events';
import { isDeepStrictEqual } from 'node:util';
import { Server, ServerCredentials, status, type Metadata, type ServerWritableStream } from '@grpc/grpc-js';
import type { Crypto } from '../crypto.ts';
import { asFeaturesealError } from '../error.ts';
import { parseEndpoint } from '../spiffe/workload-api/endpoint.ts';
import { securityHeaderName, workloadApiService } from '../spiffe/workload-api/service.ts';
import { serverLimits } from './grpc/server.ts';
import { prepareSocketPath, restrictSocket, unusable } from './unix-socket.ts';
import { bundlesResponse, svidResponse, type WorkloadState } from './wire.ts';

export interface WorkloadApiServerOptions {
  readonly socketPath: string;
  readonly state: WorkloadState;
  readonly crypto: Crypto;
}

type Call = ServerWritableStream<object, object>;

/** One of the two streams. */
interface Method {
  respond(state: WorkloadState): object | undefined | Promise<object | undefined>;
  /** True where the state says to this stream what the one told last did. */
  isTold(state: WorkloadState, last: WorkloadState): boolean;
}

/**
 * A SPIFFE Workload API, X.509 profile, for one workload on a unix socket of its own: who reaches the socket has the
 * identity. (Node's core tells no peer credentials, so a shared socket could not tell callers apart.)
 */
export class WorkloadApiServer {
  /** What clients are configured with. */
  readonly address: string;
  readonly #server = new Server(serverLimits);
  readonly #changes = new EventEmitter().setMaxListeners(0);
  readonly #crypto: Crypto;
  #state: WorkloadState;

  private constructor(address: string, { state, crypto }: WorkloadApiServerOptions) {
    this.address = address;
    this.#state = state;
    this.#crypto = crypto;
    const { fetchX509Svid, fetchX509Bundles } = workloadApiService();
    const svids: Method = { respond: (all) => svidResponse(all, this.#crypto), isTold: () => false };
    this.#server.addService(
      { FetchX509SVID: fetchX509Svid, FetchX509Bundles: fetchX509Bundles },
      {
        FetchX509SVID: (call: Call) => this.#serve(call, svids),
        FetchX509Bundles: (call: Call) => this.#serve(call, bundlesOnly),
      },
    );
  }

  /** Serves at once. A stale socket file is replaced, a live one is not (`already-exists`). */
  static async start(options: WorkloadApiServerOptions): Promise<WorkloadApiServer> {
    const { socketPath } = options;
    const { address, target } = parseEndpoint(`unix://${socketPath}`);
    await prepareSocketPath(socketPath);
    const server = new WorkloadApiServer(address, options);
    await new Promise<void>((resolve, reject) => {
      server.#server.bindAsync(target, ServerCredentials.createInsecure(), (error) =>
        error === null ? resolve() : reject(unusable(`cannot serve at ${address}`, error)),
      );
    });
    await restrictSocket(socketPath);
    return server;
  }

  /** Tells every open stream the new state; several in a row may be told as one, the last is always told. */
  publish(state: WorkloadState): void {
    this.#state = state;
    this.#changes.emit('change');
  }

  /** Cuts all streams and takes the socket away. Safe to call twice. */
  close(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.tryShutdown(() => resolve());
      this.#server.forceShutdown();
    });
  }

  #serve(call: Call, method: Method): void {
    const gone = new AbortController();
    for (const event of ['cancelled', 'close', 'error']) call.once(event, () => gone.abort());
    if (!hasSecurityHeader(call.metadata)) {
      return refuse(call, status.INVALID_ARGUMENT, 'security header missing from request');
    }
    this.#stream(call, method, gone.signal).catch((thrown: unknown) => {
      if (!gone.signal.aborted)
        refuse(call, status.INTERNAL, asFeaturesealError(thrown, 'internal', 'defect').message);
    });
  }

  /** Workload API section 4.3: the first message at once, then a whole one after every change. */
  async #stream(call: Call, method: Method, signal: AbortSignal): Promise<void> {
    let told: WorkloadState | undefined;
    while (!signal.aborted) {
      const state = this.#state;
      if (told === undefined || !method.isTold(state, told)) {
        const message = await method.respond(state);
        if (message === undefined) return refuse(call, status.PERMISSION_DENIED, 'no identity issued');
        if (!call.write(message)) await once(call, 'drain', { signal });
        told = state;
      }
      if (state === this.#state) await once(this.#changes, 'change', { signal });
    }
  }
}

/** As SPIRE's agent: a stream of bundles is silent while they stay the same, whatever the SVIDs do. */
const bundlesOnly: Method = {
  respond: bundlesResponse,
  isTold: ({ bundles }, last) => isDeepStrictEqual(bundles, last.bundles),
};

/** SPIFFE Workload Endpoint section 3: present once, and exactly `true`. */
function hasSecurityHeader(metadata: Metadata): boolean {
  const values = metadata.get(securityHeaderName);
  return values.length === 1 && values[0] === 'true';
}

function refuse(call: Call, code: status, details: string): void {
  call.emit('error', { code, details });
}
