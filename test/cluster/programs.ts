import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';

export interface Program {
  readonly name: string;
  readonly file: string;
  readonly args: readonly string[];
  /** Added to the environment of this process. */
  readonly env?: Readonly<Record<string, string>>;
  /** `file`: into `<name>.log` of the folder. `inherit`: to the output of the supervisor. */
  readonly output: 'file' | 'inherit';
}

/** What there is to run, in the order in which it starts. */
export interface Programs {
  /** Removed at the end with all that is in it. */
  readonly folder: string;
  readonly programs: readonly Program[];
}

export interface Command {
  readonly action: 'start' | 'stop' | 'kill';
  readonly name: string;
}

/** What the supervisor tells: a command was carried out, or a program ended that nobody had stopped. */
export type Told =
  | { readonly done: Command; readonly status: number | null }
  | { readonly ended: string; readonly status: number | null };

const lastCharacters = 4_000;

/** Programs that live no longer than this process, however it ends: see supervisor.ts. */
export class RunningPrograms {
  readonly folder: string;
  readonly #supervisor: ChildProcess;
  readonly #ended: Promise<never>;

  /** @param output where the supervisor and the programs that inherit from it write */
  constructor(programs: Programs, output: 'inherit' | 'pipe' = 'inherit') {
    this.folder = programs.folder;
    const script = join(import.meta.dirname, 'supervisor.ts');
    // A session of its own: ctrl-c in a terminal is for the tests, which then close what they opened.
    this.#supervisor = spawn(process.execPath, [script, JSON.stringify(programs)], {
      stdio: ['ignore', output, output, 'ipc'],
      detached: true,
    });
    this.#ended = new Promise((_, reject) => {
      this.#supervisor.on('error', reject);
      this.#supervisor.on('exit', () => reject(new Error('the supervisor ended')));
      this.#supervisor.on('message', (told: Told) => {
        if ('ended' in told)
          void this.log(told.ended).then((log) => reject(new ProgramEnded(told.ended, told.status, log)));
      });
    });
    this.#ended.catch(() => undefined);
  }

  /** Standard error of what inherits, where it is piped. */
  get stderr(): Readable | null {
    return this.#supervisor.stderr;
  }

  /** The same, or a rejection with its log when a program ends first. */
  while<T>(work: Promise<T>): Promise<T> {
    return Promise.race([work, this.#ended]);
  }

  /** Rejects when a program ends and nobody has stopped it. */
  get ended(): Promise<never> {
    return this.#ended;
  }

  /** Resolves with the exit status of a program that ends by itself. */
  async ends(name: string): Promise<number | null> {
    const ending = await this.#ended.catch((thrown: unknown) => thrown);
    if (ending instanceof ProgramEnded && ending.program === name) return ending.status;
    throw ending;
  }

  /** Starts, stops or kills one of the programs; resolves with its exit status when that is done. */
  async command(action: Command['action'], name: string): Promise<number | null> {
    const { promise, resolve } = Promise.withResolvers<number | null>();
    const onTold = (told: Told): void => {
      if ('done' in told && told.done.action === action && told.done.name === name) resolve(told.status);
    };
    this.#supervisor.on('message', onTold);
    this.#supervisor.send({ action, name } satisfies Command);
    const status = await this.while(promise);
    this.#supervisor.off('message', onTold);
    return status;
  }

  /** The end of what a program has written to its file. */
  async log(name: string): Promise<string> {
    const text = await readFile(join(this.folder, `${name}.log`), 'utf8').catch(() => '');
    return text.slice(-lastCharacters);
  }

  /** Stops all of them, the last one first, and removes the folder. */
  async close(): Promise<void> {
    const { exitCode, signalCode } = this.#supervisor;
    if (exitCode !== null || signalCode !== null) return;
    const exited = once(this.#supervisor, 'exit');
    if (this.#supervisor.connected) this.#supervisor.disconnect();
    await exited;
  }
}

class ProgramEnded extends Error {
  readonly program: string;
  readonly status: number | null;

  constructor(program: string, status: number | null, log: string) {
    super(`${program} ended with status ${String(status)}\n${log}`);
    this.program = program;
    this.status = status;
  }
}
