import { Server, ServerCredentials, type ServerOptions, type ServiceDefinition } from '@grpc/grpc-js';
import { prepareSocketPath, restrictSocket, unusable } from '../unix-socket.ts';
import type { UnaryHandler } from './unary.ts';

/** A service and who answers its methods. */
export interface ServedService {
  readonly definition: ServiceDefinition;
  readonly handlers: Readonly<Record<string, UnaryHandler>>;
}

/** Every message that is sent here is small, and nobody has more to ask at a time than a node has pods. */
export const serverLimits: ServerOptions = {
  'grpc.max_receive_message_length': 256 * 1024,
  // Without it one connection carries as many streams as its client likes, and whoever serves all pods runs out of memory.
  'grpc.max_concurrent_streams': 128,
};

/** A gRPC server at one address. */
export class GrpcServer {
  /** The TCP port that was taken; 0 on a socket. */
  readonly port: number;
  readonly #server: Server;

  private constructor(server: Server, port: number) {
    this.#server = server;
    this.port = port;
  }

  /** Serves over TCP; `target` is `host:port`. @throws FeaturesealError file-unwritable where it cannot listen */
  static async start(
    target: string,
    services: readonly ServedService[],
    credentials: ServerCredentials,
  ): Promise<GrpcServer> {
    const server = new Server(serverLimits);
    for (const { definition, handlers } of services) server.addService(definition, { ...handlers });
    const port = await new Promise<number>((resolve, reject) => {
      server.bindAsync(target, credentials, (error, bound) => {
        if (error === null) resolve(bound);
        else reject(unusable(`cannot serve at ${target}`, error));
      });
    });
    return new GrpcServer(server, port);
  }

  /** Serves on a unix socket for its owner and group. A stale file is replaced, a live socket is not (`already-exists`). */
  static async startOnSocket(path: string, services: readonly ServedService[]): Promise<GrpcServer> {
    await prepareSocketPath(path);
    const server = await GrpcServer.start(`unix://${path}`, services, ServerCredentials.createInsecure());
    await restrictSocket(path);
    return server;
  }

  /** Cuts what is under way and takes the socket away. Safe to call twice. */
  close(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.tryShutdown(() => resolve());
      this.#server.forceShutdown();
    });
  }
}
