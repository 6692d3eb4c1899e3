import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { ApiClient, type Credentials } from './api-client.ts';
import { AuditLog, type Write } from './audit-log.ts';
import { ClusterCa, kubeconfigText, type ServerFiles } from './credentials.ts';
import { RunningPrograms, type Program } from './programs.ts';

const port = 6443;
const readyWithinMs = 120_000;
const askAgainMs = 100;

/**
 * A real Kubernetes API: etcd and kube-apiserver on an address of the loopback network that is theirs alone. There is
 * no controller and no kubelet: Nodes are what a test creates.
 */
export class ControlPlane {
  readonly url: string;
  readonly #ca: ClusterCa;
  readonly #audit: AuditLog;
  readonly #programs: RunningPrograms;
  readonly #closers: (() => Promise<void>)[] = [];
  #admin: ApiClient | undefined;

  private constructor(url: string, ca: ClusterCa, audit: AuditLog, programs: RunningPrograms) {
    this.url = url;
    this.#ca = ca;
    this.#audit = audit;
    this.#programs = programs;
  }

  /**
   * @param bin folder of the programs, FEATURESEAL_CLUSTER_BIN in tests
   * @param address where it is reached: one of this host
   */
  static async start(bin: string, address = ownAddress()): Promise<ControlPlane> {
    const folder = await mkdtemp(join(tmpdir(), 'fs-cluster-'));
    const ca = await ClusterCa.create();
    const files = await ca.writeServerFiles(join(folder, 'pki'), address);
    const audit = await AuditLog.create(folder);
    const flags = [...serverFlags(files), ...audit.flags];
    const programs = [etcd(bin, folder), apiServer(bin, folder, address, flags)];
    const running = new RunningPrograms({ folder, programs });
    const plane = new ControlPlane(`https://${address}:${port}`, ca, audit, running);
    try {
      plane.#admin = await plane.client('admin', ['system:masters']);
      await plane.#ready();
      return plane;
    } catch (thrown) {
      await plane.close();
      throw thrown;
    }
  }

  /** Everything that the programs write; gone once they are. */
  get folder(): string {
    return this.#programs.folder;
  }

  get caPem(): string {
    return this.#ca.pem;
  }

  /** May do everything. */
  get admin(): ApiClient {
    if (this.#admin === undefined) throw new TypeError('not started');
    return this.#admin;
  }

  credentials(user: string, groups: readonly string[] = []): Promise<Credentials> {
    return this.#ca.user(user, groups);
  }

  async client(user: string, groups: readonly string[] = [], userAgent?: string): Promise<ApiClient> {
    const client = new ApiClient(this.url, this.caPem, await this.credentials(user, groups), userAgent);
    this.beforeClose(async () => client.close());
    return client;
  }

  /** Text of a kubeconfig file; the user may do what RBAC grants. */
  async kubeconfig(user: string, groups: readonly string[] = []): Promise<string> {
    return kubeconfigText(this.url, this.caPem, await this.credentials(user, groups));
  }

  /** What the API server has noted of every write to Nodes and NodeFeatures. */
  writes(): Promise<readonly Write[]> {
    return this.#audit.writes(this.admin);
  }

  /** The API server goes away, as in an upgrade; etcd and what it holds stay. */
  async stopApiServer(): Promise<void> {
    await this.#programs.command('stop', 'kube-apiserver');
  }

  async startApiServer(): Promise<void> {
    await this.#programs.command('start', 'kube-apiserver');
    await this.#ready();
  }

  /** What uses the cluster ends before it, the newest first. */
  beforeClose(close: () => Promise<void>): void {
    this.#closers.push(close);
  }

  async close(): Promise<void> {
    for (const close of this.#closers.toReversed()) await close();
    await this.#programs.close();
  }

  /** No event tells when a server begins to listen, so it is asked. */
  async #ready(): Promise<void> {
    const deadline = AbortSignal.timeout(readyWithinMs);
    while (!(await this.#programs.while(this.admin.answers('/readyz')))) {
      if (deadline.aborted) throw new Error(`not ready:\n${await this.#programs.log('kube-apiserver')}`);
      await setTimeout(askAgainMs);
    }
  }
}

/** Of 127.0.0.0/8, by our process ID: test runs on one machine never meet, and a server finds its port free again. */
function ownAddress(): string {
  const { pid } = process;
  return `127.${16 + (pid >> 16)}.${(pid >> 8) & 255}.${pid & 255}`;
}

function etcd(bin: string, folder: string): Program {
  return {
    name: 'etcd',
    file: join(bin, 'etcd'),
    output: 'file',
    args: [
      `--data-dir=${join(folder, 'etcd')}`,
      `--listen-client-urls=${etcdSocket(folder)}`,
      // It wants to have these, though nobody is told and there is no other member.
      '--advertise-client-urls=http://localhost:2379',
      '--listen-peer-urls=http://127.0.0.1:0',
      // What it holds is worth nothing after the tests.
      '--unsafe-no-fsync',
      '--log-level=warn',
    ],
  };
}

function apiServer(bin: string, folder: string, address: string, flags: readonly string[]): Program {
  return {
    name: 'kube-apiserver',
    file: join(bin, 'kube-apiserver'),
    output: 'file',
    args: [
      `--etcd-servers=${etcdSocket(folder)}`,
      `--bind-address=${address}`,
      `--advertise-address=${address}`,
      `--secure-port=${port}`,
      // The Endpoints of the Service "kubernetes" refuse loopback addresses, and nobody here uses them.
      '--endpoint-reconciler-type=none',
      '--authorization-mode=Node,RBAC',
      '--enable-admission-plugins=NodeRestriction',
      // As on any cluster with a CSI driver; what pods may do is for Pod Security to say.
      '--allow-privileged=true',
      '--service-cluster-ip-range=10.96.0.0/16',
      '--profiling=false',
      ...flags,
    ],
  };
}

function serverFlags(files: ServerFiles): readonly string[] {
  return [
    `--tls-cert-file=${files.certificate}`,
    `--tls-private-key-file=${files.key}`,
    `--client-ca-file=${files.ca}`,
    '--service-account-issuer=https://kubernetes.default.svc',
    `--service-account-signing-key-file=${files.tokenKey}`,
    `--service-account-key-file=${files.tokenPublicKey}`,
  ];
}

/** A unix socket needs no free port, and nobody else can reach it. */
function etcdSocket(folder: string): string {
  return `unix://${join(folder, 'etcd.sock')}`;
}
