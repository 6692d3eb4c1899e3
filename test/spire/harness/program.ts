import { chmod, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { RunningPrograms } from '../../cluster/programs.ts';

export interface ProgramOptions {
  readonly file: string;
  readonly name: 'spire-server' | 'spire-agent';
  /** Texts of the files to put into `folder` first, `spire.conf` among them. */
  readonly files: (folder: string) => Readonly<Record<string, string>> & { readonly 'spire.conf': string };
  /** The beginning of its command line, where it is not to run as we do; it must end as the program. */
  readonly within?: readonly string[] | undefined;
  readonly env?: Readonly<Record<string, string>> | undefined;
}

const readyWithinMs = 60_000;
const askAgainMs = 100;

/** One SPIRE program with a folder of its own: gone with all that it wrote when it is closed or this process ends. */
export class SpireProgram {
  readonly folder: string;
  readonly #name: string;
  readonly #running: RunningPrograms;

  private constructor(options: ProgramOptions, folder: string) {
    const { file, name, env = {} } = options;
    this.folder = folder;
    this.#name = name;
    const command = [...(options.within ?? []), file, 'run', '-config', join(folder, 'spire.conf')];
    const [first = file, ...args] = command;
    this.#running = new RunningPrograms({
      folder,
      programs: [{ name, file: first, args, env, output: 'file' }],
    });
  }

  static async start(options: ProgramOptions): Promise<SpireProgram> {
    // Short, for the limit of socket paths.
    const folder = await mkdtemp(join(tmpdir(), 'fs-spire-'));
    // Workloads of other users must reach the socket in it.
    await chmod(folder, 0o711);
    for (const [name, text] of Object.entries(options.files(folder))) {
      await writeFile(join(folder, name), text, { mode: 0o600 });
    }
    return new SpireProgram(options, folder);
  }

  /** No event tells when a program begins to serve, so it is asked until it does. */
  async ready(answers: () => Promise<boolean>, withinMs = readyWithinMs): Promise<void> {
    const deadline = AbortSignal.timeout(withinMs);
    while (!(await this.#running.while(answers()))) {
      if (deadline.aborted) throw new Error(`${this.#name} is not ready:\n${await this.log()}`);
      await setTimeout(askAgainMs);
    }
  }

  /** As the kernel kills: nothing is tidied up. */
  async kill(): Promise<void> {
    await this.#running.command('kill', this.#name);
  }

  async startAgain(): Promise<void> {
    await this.#running.command('start', this.#name);
  }

  /** Resolves with the end of its log when the program ends by itself. */
  async ended(): Promise<string> {
    const never = new Promise<never>(() => undefined);
    return this.#running
      .while(never)
      .catch((error: unknown) => (error instanceof Error ? error.message : String(error)));
  }

  /** The end of its log. */
  log(): Promise<string> {
    return this.#running.log(this.#name);
  }

  /** All of its log, a line each. */
  async logLines(): Promise<readonly string[]> {
    const text = await readFile(join(this.folder, `${this.#name}.log`), 'utf8');
    return text.split('\n').filter((line) => line !== '');
  }

  close(): Promise<void> {
    return this.#running.close();
  }
}
