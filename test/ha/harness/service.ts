import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';

export interface Endpoint {
  /** IP address. */
  readonly host: string;
  readonly port: number;
}

/** What a Service of Kubernetes is to its clients: one address, behind which another endpoint may stand at any time. */
export class Service {
  readonly #server: Server;
  readonly #open = new Set<Socket>();
  #endpoint: Endpoint;

  private constructor(endpoint: Endpoint) {
    this.#endpoint = endpoint;
    this.#server = createServer((client) => this.#forward(client));
  }

  static async start(at: Endpoint, endpoint: Endpoint): Promise<Service> {
    const service = new Service(endpoint);
    service.#server.listen(at.port, at.host);
    await once(service.#server, 'listening');
    return service;
  }

  /** For new connections; those that are open stay where they are. */
  pointTo(endpoint: Endpoint): void {
    this.#endpoint = endpoint;
  }

  async close(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    for (const socket of this.#open) socket.destroy();
    await closed;
  }

  #forward(client: Socket): void {
    const server = connect(this.#endpoint.port, this.#endpoint.host);
    for (const [from, to] of [
      [client, server],
      [server, client],
    ] as const) {
      this.#open.add(from);
      from.pipe(to);
      from.on('error', () => to.destroy());
      from.on('close', () => {
        this.#open.delete(from);
        to.destroy();
      });
    }
  }
}
