import { access, chmod, mkdir, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { ClusterCa, kubeconfigText } from '../credentials.ts';
import { RunningPrograms } from '../programs.ts';
import { configurationFiles } from './configuration.ts';
import {
  apiServiceAddress,
  containerdSocket,
  kubeconfigFile,
  layout,
  pauseImage,
  pkiFolder,
  type Layout,
} from './layout.ts';
import { Kubectl, run } from './kubectl.ts';
import { nodePrograms } from './node-programs.ts';

const readyWithinMs = 180_000;
const askAgainMs = 250;

/** Components that speak to the API server, as the certificates say it: user, groups. */
const users: Readonly<Record<string, readonly [user: string, ...groups: string[]]>> = {
  admin: ['admin', 'system:masters'],
  'kube-controller-manager': ['system:kube-controller-manager'],
  'kube-scheduler': ['system:kube-scheduler'],
  'kube-proxy': ['system:kube-proxy'],
};

/**
 * A whole Kubernetes node, from etcd to kubelet and containerd, in a room of its own (see `room`): nothing of it is
 * reachable from outside, and nothing stays when it is closed or the process that started it ends.
 */
export class RealNode {
  readonly #layout: Layout;
  readonly #programs: RunningPrograms;
  #inside = 0;

  private constructor(where: Layout, programs: RunningPrograms) {
    this.#layout = where;
    this.#programs = programs;
  }

  /** @param bin folder of the programs, as `build` prints it. Needs root. */
  static async start(bin: string, name = 'node-a'): Promise<RealNode> {
    const folder = await mkdtemp(join(tmpdir(), 'fs-node-'));
    await chmod(folder, 0o711);
    const where = layout(folder, bin, name);
    await Promise.all([
      writeFiles(where),
      run(join(import.meta.dirname, 'pause-image'), [pauseImage, join(folder, 'pause.tar')]),
    ]);
    const room = {
      name: 'room',
      file: join(import.meta.dirname, 'room'),
      args: [folder],
      output: 'file',
    } as const;
    const node = new RealNode(where, new RunningPrograms({ folder, programs: [room] }));
    try {
      await node.#laidOut();
      await node.#until('containerd', () => node.containerd('version'));
      await node.loadImage(join(folder, 'pause.tar'));
      await node.#until('kube-apiserver', () => node.kubectl.run('get', '--raw=/readyz'));
      await node.#until('kubelet', () => node.kubectl.run('get', 'node', name));
      await node.kubectl.run('wait', '--for=condition=Ready', `node/${name}`, '--timeout=120s');
      await node.#until('kube-controller-manager', () =>
        node.kubectl.run('get', 'serviceaccount', 'default'),
      );
      return node;
    } catch (thrown) {
      const logs = await node.logs();
      await node.close();
      throw new Error(`the node did not start\n${logs}`, { cause: thrown });
    }
  }

  get name(): string {
    return this.#layout.name;
  }

  get folder(): string {
    return this.#layout.folder;
  }

  /** Of somebody who may do everything; its address is one of the room. */
  get kubeconfig(): string {
    return kubeconfigFile(this.#layout, 'admin');
  }

  /** What is put before a command so that it runs in the room. */
  get entrance(): readonly string[] {
    return ['nsenter', `--target=${this.#inside}`, '--net', '--mount', '--pid', '--'];
  }

  /** Runs a command in the room. @throws with what it said, for every status but 0 */
  run(...command: readonly string[]): Promise<string> {
    const [file = '', ...args] = [...this.entrance, ...command];
    return run(file, args);
  }

  /** As somebody who may do everything. */
  get kubectl(): Kubectl {
    const command = [...this.entrance, join(this.#layout.bin, 'kubectl')];
    return new Kubectl(command, this.kubeconfig, join(this.folder, 'kubectl-cache'));
  }

  containerd(...args: readonly string[]): Promise<string> {
    return this.run('ctr', '--address', containerdSocket(this.#layout), '--namespace', 'k8s.io', ...args);
  }

  /** @param file as scripts/build-image --output writes it */
  async loadImage(file: string): Promise<void> {
    await this.containerd('images', 'import', file);
  }

  /** Kills one of the programs, as a crash would; it is started again. */
  async restart(program: string): Promise<void> {
    const pid = (await readFile(join(this.folder, 'pid', program), 'utf8')).trim();
    await this.run('kill', '-KILL', pid);
  }

  /** The end of what every program said. */
  async logs(): Promise<string> {
    const names = [
      'etcd',
      'kube-apiserver',
      'kube-controller-manager',
      'kube-scheduler',
      'containerd',
      'kube-proxy',
      'kubelet',
    ];
    const texts = names.map(async (name) => {
      const text = await readFile(join(this.folder, 'log', name), 'utf8').catch(() => '');
      return `--- ${name}\n${text.split('\n').slice(-15).join('\n')}`;
    });
    return [await this.#programs.log('room'), ...(await Promise.all(texts))].join('\n');
  }

  close(): Promise<void> {
    return this.#programs.close();
  }

  /** The room is ready; its first process is the one to enter by. */
  async #laidOut(): Promise<void> {
    await this.#until('room', () => access(join(this.folder, 'laid-out')));
    this.#inside = Number(await readFile(join(this.folder, 'inside'), 'utf8'));
  }

  /** No event tells when a server begins to listen, so it is asked. */
  async #until(what: string, asked: () => Promise<unknown>): Promise<void> {
    const deadline = AbortSignal.timeout(readyWithinMs);
    for (;;) {
      const problem = await this.#programs.while(
        asked().then(
          () => undefined,
          (thrown: unknown) => thrown,
        ),
      );
      if (problem === undefined) return;
      if (deadline.aborted) throw new Error(`${what} is not ready`, { cause: problem });
      await setTimeout(askAgainMs);
    }
  }
}

/** Keys, certificates, configuration, and a script for each program. */
async function writeFiles(where: Layout): Promise<void> {
  const { folder, name, address, url } = where;
  const pki = pkiFolder(where);
  const ca = await ClusterCa.create();
  const files = await ca.writeServerFiles(pki, address, apiServiceAddress);
  const write = async (path: string, text: string, mode = 0o600): Promise<void> => {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text, { mode });
  };
  const kubelet = ['kubelet', `system:node:${name}`, 'system:nodes'] as const;
  for (const [file, user, ...groups] of [
    kubelet,
    ...Object.entries(users).map(([file, user]) => [file, ...user] as const),
  ]) {
    await write(`${file}.kubeconfig`, kubeconfigText(url, ca.pem, await ca.user(user, groups)));
  }
  const client = await ca.user('kube-apiserver', ['system:masters']);
  await write('pki/kubelet-client.pem', client.certificatePem);
  await write('pki/kubelet-client-key.pem', client.keyPem);
  for (const [path, text] of Object.entries(configurationFiles(where))) await write(path, text, 0o644);
  for (const [index, { name: program, file, args }] of nodePrograms(where, files).entries()) {
    const words = [file, ...args].map((word) => `'${word}'`).join(' ');
    await write(`programs/${index}-${program}`, `#!/bin/sh\nexec ${words}\n`, 0o700);
  }
}
