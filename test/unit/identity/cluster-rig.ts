// The development identity of a cluster with one node, as its processes run it: an authority behind TLS, a node plugin on
// its sockets, and the test as kubelet. Certificates, gRPC and files are real; only the API server is a fake.
import { mkdir, open, writeFile, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach } from '@jest/globals';
import { IdentityList } from '../../../src/identity/attestation/identity-list.ts';
import { TokenReviewer } from '../../../src/identity/attestation/token-review.ts';
import { Authority } from '../../../src/identity/authority.ts';
import { AuthorityKeeper } from '../../../src/identity/authority-service/keeper.ts';
import { SvidServerCredentials } from '../../../src/identity/authority-service/server-credentials.ts';
import { authorityService } from '../../../src/identity/authority-service/service.ts';
import { GrpcServer } from '../../../src/identity/grpc/server.ts';
import { NodePlugin } from '../../../src/identity/node-plugin/node-plugin.ts';
import type { ApiClient } from '../../../src/kube/api-client.ts';
import type { Log } from '../../../src/port/log.ts';
import { silentLog } from '../../../src/runtime/log.ts';
import { WorkloadApiClient } from '../../../src/spiffe/workload-api/client.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { Queue } from '../../support/queue.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { audience, FakeTokenApi, type TokenClaims } from './fake-token-api.ts';

export const hourMs = 3_600_000;
const crypto = globalThis.crypto;
const node = { nodeName: 'node-a', nodeUid: 'uid-of-node-a' };
export const pluginClaims: TokenClaims = {
  ...node,
  namespace: 'featureseal',
  serviceAccount: 'node-plugin',
  podName: 'plugin-1',
  podUid: 'uid-of-plugin-1',
};
export const workerClaims: TokenClaims = {
  ...node,
  namespace: 'featureseal',
  serviceAccount: 'worker',
  podName: 'worker-1',
  podUid: 'uid-of-worker-1',
};
export const workerId = 'spiffe://example.org/featureseal/worker/demo/node-a';

/** The authority of a cluster; another start is another CA, as of a process. */
export class RunningAuthority {
  readonly authority: Authority;
  readonly keeper: AuthorityKeeper;
  readonly clock: ManualClock;
  readonly #server: GrpcServer;

  private constructor(authority: Authority, keeper: AuthorityKeeper, clock: ManualClock, server: GrpcServer) {
    this.authority = authority;
    this.keeper = keeper;
    this.clock = clock;
    this.#server = server;
  }

  static async start(api: ApiClient, port = 0): Promise<RunningAuthority> {
    // TLS judges by the machine's own clock.
    const clock = new ManualClock(Date.now());
    const trustDomain = 'example.org';
    const authority = await Authority.create({ trustDomain, clock, crypto, caTtlMs: 24 * hourMs });
    const credentials = new SvidServerCredentials();
    const random = () => 0;
    const configMap = { namespace: 'featureseal', name: 'bundle' };
    const log = silentLog;
    const svidTtlMs = hourMs;
    const keeper = new AuthorityKeeper({
      ...{ authority, credentials, api, configMap, svidTtlMs, clock, crypto, random, log },
    });
    const path = '/featureseal/worker/{cluster}/{node}';
    const policy = {
      cluster: 'demo',
      identities: new IdentityList(trustDomain, [
        { namespace: 'featureseal', serviceAccount: 'worker', path },
      ]),
      plugin: pluginClaims,
      reviewer: new TokenReviewer({ api, audience }),
    };
    const service = authorityService({ authority, policy, svidTtlMs, clock, log });
    const server = await GrpcServer.start(`127.0.0.1:${port}`, [service], credentials);
    return new RunningAuthority(authority, keeper, clock, server);
  }

  get port(): number {
    return this.#server.port;
  }

  close(): Promise<void> {
    return this.#server.close();
  }
}

export interface Rig {
  readonly api: FakeTokenApi;
  readonly client: ApiClient;
  authority: RunningAuthority;
  plugin: NodePlugin;
  clock: ManualClock;
  /** Codes of refusals that the plugin logged. */
  readonly problems: Queue<string>;
  readonly path: (name: string) => string;
  /** Puts what the authority published where the plugin reads it, as kubelet does with a ConfigMap. */
  mountBundle(): Promise<void>;
  /** One more on the same node. */
  createPlugin(): Promise<NodePlugin>;
  /** Ends the plugin, if it runs, and starts another. */
  startPlugin(): Promise<void>;
}

/** Call it where tests are described. */
export function clusterRig(): () => Rig {
  const path = temporaryFolder();
  let rig: Rig | undefined;
  beforeEach(async () => {
    rig = await createRig(path);
  });
  afterEach(async () => {
    for (const handle of handles.splice(0)) await handle.close();
    await rig?.plugin.close();
    await rig?.authority.close();
    rig?.client.close();
    await rig?.api.close();
  });
  return () => {
    if (rig === undefined) throw new Error('only inside a test');
    return rig;
  };
}

async function createRig(path: (name: string) => string): Promise<Rig> {
  const api = await FakeTokenApi.start();
  const client = api.client();
  const authority = await RunningAuthority.start(client);
  const problems = new Queue<string>();
  const log: Log = { ...silentLog, warn: (_, fields) => problems.push(String(fields?.['code'])) };
  const createPlugin = (clock: ManualClock) =>
    NodePlugin.start({
      config: config(path, authority.port),
      version: '1',
      clock,
      crypto,
      random: () => 0,
      log,
    });
  await authority.keeper.round(new AbortController().signal);
  await writeFile(path('bundle.pem'), await api.bundles.next());
  await writeFile(path('token'), `${api.token(pluginClaims)}\n`);
  await mkdir(path('kubelet'));
  const clock = new ManualClock(Date.now());
  const rig: Rig = {
    ...{ api, client, authority, problems, path, clock },
    plugin: await createPlugin(clock),
    mountBundle: async () => writeFile(path('bundle.pem'), await api.bundles.next()),
    createPlugin: () => createPlugin(clock),
    startPlugin: async () => {
      await rig.plugin.close();
      rig.clock = new ManualClock(Date.now());
      rig.plugin = await createPlugin(rig.clock);
    },
  };
  return rig;
}

function config(path: (name: string) => string, port: number) {
  return {
    cluster: 'demo',
    trustDomain: 'example.org',
    audience,
    node: 'node-a',
    authority: `127.0.0.1:${port}`,
    bundle: path('bundle.pem'),
    token: path('token'),
    kubeletDir: path('kubelet'),
    healthHost: '127.0.0.1',
    healthPort: 0,
    logLevel: 'info' as const,
  };
}

const handles: FileHandle[] = [];

/** The Workload API as a pod sees it: by a short path, whatever kubelet's is. */
export async function workloadOf(targetPath: string): Promise<WorkloadApiClient> {
  const handle = await open(targetPath);
  handles.push(handle);
  const address = `unix://${join('/proc/self/fd', String(handle.fd), 'spire-agent.sock')}`;
  return new WorkloadApiClient({ address, clock: new ManualClock() });
}
