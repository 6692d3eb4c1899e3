import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { ownNetwork } from './own-network.ts';
import type { Scene, SceneName, Told } from './scenes.ts';

/** story.ts at work, in a network of its own; it ends when it is closed, at the latest with this process. */
export class StartedStory {
  readonly #process: ChildProcess;
  readonly #scenes = new Map<SceneName, PromiseWithResolvers<Scene>>();
  readonly #failed: Promise<never>;

  /** @param bin folder of etcd and kube-apiserver */
  constructor(bin: string) {
    const [file, ...args] = ownNetwork;
    const script = join(import.meta.dirname, 'story.ts');
    this.#process = spawn(file, [...args, process.execPath, '--conditions=featureseal-source', script], {
      env: { ...process.env, FEATURESEAL_CLUSTER_BIN: bin },
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      // A session of its own: ctrl-c in a terminal is for who shows the story, and closes it then.
      detached: true,
    });
    this.#failed = new Promise((_, reject) => {
      this.#process.on('error', reject);
      this.#process.on('exit', () => reject(new Error('the story ended early')));
      this.#process.on('message', (told: Told) => {
        if ('failure' in told) reject(new Error(told.failure));
        else this.#of(told.scene.name).resolve(told.scene);
      });
    });
    this.#failed.catch(() => undefined);
  }

  /** Resolves when the story comes to it. */
  scene(name: SceneName): Promise<Scene> {
    return Promise.race([this.#of(name).promise, this.#failed]);
  }

  /** Resolves when nothing of it is left. */
  async close(): Promise<void> {
    const { exitCode, signalCode } = this.#process;
    if (exitCode !== null || signalCode !== null) return;
    const exited = once(this.#process, 'exit');
    if (this.#process.connected) this.#process.disconnect();
    await exited;
  }

  #of(name: SceneName): PromiseWithResolvers<Scene> {
    const known = this.#scenes.get(name) ?? Promise.withResolvers<Scene>();
    this.#scenes.set(name, known);
    return known;
  }
}
