import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

interface Pipe {
  readonly near: Socket;
  readonly far: Socket;
}

/** What lies between client and server: it can be cut, held up, or go silent, as networks do. */
export class FakeNetwork {
  readonly #front: Server;
  readonly #pipes = new Set<Pipe>();
  /** TCP connections so far. */
  connections = 0;

  private constructor(serverPort: number) {
    // No delay: else each answer in two writes waits 40 ms for the other side to acknowledge the first.
    this.#front = createServer({ noDelay: true }, (near) => {
      this.#join({ near, far: connect({ port: serverPort, host: '127.0.0.1', noDelay: true }) });
    });
  }

  /** @param serverPort where the server listens */
  static async start(serverPort: number): Promise<FakeNetwork> {
    const network = new FakeNetwork(serverPort);
    network.#front.listen(0, '127.0.0.1');
    await once(network.#front, 'listening');
    return network;
  }

  /** Where clients connect. */
  get port(): number {
    return (this.#front.address() as AddressInfo).port;
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

  async close(): Promise<void> {
    for (const { near, far } of this.#pipes) {
      near.destroy();
      far.destroy();
    }
    this.#front.close();
    await once(this.#front, 'close');
  }

  #join(pipe: Pipe): void {
    const { near, far } = pipe;
    this.connections += 1;
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
}
