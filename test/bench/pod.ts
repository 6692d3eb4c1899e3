// What a worker's pod has, without a cluster: an API server and a Workload API on real sockets, a service account's folder.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DevelopmentIdentity } from '../../src/identity/development-identity.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { silentLog } from '../../src/runtime/log.ts';
import { FakeApiServer } from '../support/fake-api-server.ts';

const root = join(import.meta.dirname, '../..');
const program = join(root, 'dist/src/cli/main.js');
const token = 'a-token-of-this-benchmark';

/** In a mount namespace of its own `/run` is empty, so the folder of the service account can be where kubelet puts it. */
const enter = `mount -t tmpfs tmpfs /run && mkdir -p /run/secrets/kubernetes.io && cp -r "$0" /run/secrets/kubernetes.io/serviceaccount && exec "$@"`;

export class Pod {
  readonly api: FakeApiServer;
  readonly #folder: string;
  readonly #identity: DevelopmentIdentity;
  readonly #socket: string;

  private constructor(api: FakeApiServer, folder: string, identity: DevelopmentIdentity, socket: string) {
    this.api = api;
    this.#folder = folder;
    this.#identity = identity;
    this.#socket = socket;
  }

  static async create(): Promise<Pod> {
    const api = await FakeApiServer.start();
    api.token = token;
    const folder = await mkdtemp(join(tmpdir(), 'featureseal-bench-'));
    const account = join(folder, 'serviceaccount');
    await mkdir(account);
    await writeFile(join(account, 'token'), token);
    await writeFile(join(account, 'ca.crt'), api.caPem);
    const identity = await DevelopmentIdentity.create({
      trustDomain: 'example.org',
      directory: folder,
      svidTtlMs: 3_600_000,
      clock: systemClock,
      crypto: globalThis.crypto,
      log: silentLog,
    });
    const { address } = await identity.serve('spiffe://example.org/featureseal/worker/bench/node-a');
    return new Pod(api, folder, identity, address);
  }

  /** The worker as its image starts it, with the environment that its manifest gives. */
  async startWorker(config: string): Promise<ChildProcess> {
    const file = join(this.#folder, 'worker.yaml');
    await writeFile(file, `cluster: bench\nhealthHost: 127.0.0.1\nhealthPort: 0\n${config}`);
    return this.#start(await tuning(), [program, 'worker', '--config', file]);
  }

  /** Bare Node in this pod. */
  startBare(script: string): ChildProcess {
    return this.#start({}, ['-e', script]);
  }

  #start(environment: Readonly<Record<string, string>>, args: readonly string[]): ChildProcess {
    const command = ['-c', enter, join(this.#folder, 'serviceaccount'), process.execPath, ...args];
    return spawn('unshare', ['--map-root-user', '--mount', 'sh', ...command], {
      env: {
        NODE_NAME: 'node-a',
        POD_NAMESPACE: 'featureseal',
        SPIFFE_ENDPOINT_SOCKET: this.#socket,
        KUBERNETES_SERVICE_HOST: '127.0.0.1',
        KUBERNETES_SERVICE_PORT: String(this.api.network.port),
        ...environment,
      },
      stdio: ['ignore', 'ignore', 'ignore'],
    });
  }

  /** Waits until an object has been written. */
  async nextWrite(): Promise<unknown> {
    for (;;) {
      const { method, body } = await this.api.requests.next();
      if (method !== 'GET') return body;
    }
  }

  async close(): Promise<void> {
    await this.#identity.close();
    await this.api.close();
    await rm(this.#folder, { recursive: true });
  }
}

export async function stop(child: ChildProcess): Promise<void> {
  const exited = once(child, 'exit');
  child.kill();
  await exited;
}

/** What the manifest of the worker tells Node and the C library. */
async function tuning(): Promise<Record<string, string>> {
  const manifest = await readFile(join(root, 'deploy/base/worker/daemonset.yaml'), 'utf8');
  const found = manifest.matchAll(/name: (NODE_OPTIONS|MALLOC_ARENA_MAX)\n +value: ["']?([^"'\n]*)/g);
  return Object.fromEntries([...found].map(([, name = '', value = '']) => [name, value] as const));
}
