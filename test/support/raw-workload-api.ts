import { rm } from 'node:fs/promises';
import {
  Server,
  ServerCredentials,
  type Metadata,
  type MethodDefinition,
  type ServerWritableStream,
  type status,
} from '@grpc/grpc-js';
import { workloadApiService } from '../../src/spiffe/workload-api/service.ts';
import { Queue } from './queue.ts';

/** One open stream, in the test's hands. */
export interface RawCall {
  readonly method: 'FetchX509SVID' | 'FetchX509Bundles';
  readonly metadata: Metadata;
  /** Bytes as they are, or the fields of the method's response. */
  send(message: Buffer | object): void;
  fail(code: status, details: string): void;
  end(): void;
}

/** A gRPC server with the Workload API's methods that does what the test says, right or wrong. */
export class RawWorkloadApi {
  readonly address: string;
  readonly calls = new Queue<RawCall>();
  readonly #server = new Server();

  private constructor(socketPath: string) {
    this.address = `unix://${socketPath}`;
    const { fetchX509Svid, fetchX509Bundles } = workloadApiService();
    this.#server.addService(
      { FetchX509SVID: raw(fetchX509Svid), FetchX509Bundles: raw(fetchX509Bundles) },
      { FetchX509SVID: this.#take('FetchX509SVID'), FetchX509Bundles: this.#take('FetchX509Bundles') },
    );
  }

  static async start(socketPath: string): Promise<RawWorkloadApi> {
    await rm(socketPath, { force: true });
    const api = new RawWorkloadApi(socketPath);
    await new Promise<void>((resolve, reject) => {
      api.#server.bindAsync(api.address, ServerCredentials.createInsecure(), (error) =>
        error === null ? resolve() : reject(error),
      );
    });
    return api;
  }

  /** As a killed process ends: every connection is cut. */
  kill(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.tryShutdown(() => resolve());
      this.#server.forceShutdown();
    });
  }

  #take(method: RawCall['method']) {
    return (call: ServerWritableStream<object, object | Buffer>): void => {
      this.calls.push({
        method,
        metadata: call.metadata,
        send: (message) => void call.write(message),
        fail: (code, details) => void call.emit('error', { code, details }),
        end: () => call.end(),
      });
    };
  }
}

function raw(method: MethodDefinition<object, object>): MethodDefinition<object, object> {
  const responseSerialize = (message: object) =>
    Buffer.isBuffer(message) ? message : method.responseSerialize(message);
  return { ...method, responseSerialize };
}
