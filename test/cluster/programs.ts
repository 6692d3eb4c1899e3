import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

export interface Program {
  readonly name: string;
  readonly file: string;
  readonly args: readonly string[];
}

/** What there is to run, in the order in which it starts. */
export interface Programs {
  /** Gets `<name>.log` of each program; removed at the end with all that is in it. */
  readonly folder: string;
  readonly programs: readonly Program[];
}

export interface Command {
  readonly action: 'start' | 'stop';
  readonly name: string;
}

/** What the supervisor tells: a command was carried out, or a program ended that nobody had stopped. */
export type Told = { readonly done: Command } | { readonly ended: string };

const lastCharacters = 4_000;

/** Programs that live no longer than this process, however it ends: see supervisor.ts. */
export class RunningPrograms {
  readonly folder: string;
  readonly #supervisor: ChildProcess;
  readonly #ended: Promise<never>;

  constructor(programs: Programs) {
    this.folder = programs.folder;
    const script = join(import.meta.dirname, 'supervisor.ts');
    // A session of its own: ctrl-c in a terminal is for the tests, which then close what they opened.
    this.#supervisor = spawn(process.execPath, [script, JSON.stringify(programs)], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      detached: true,
    });
    this.#ended = new Promise((_, reject) => {
      this.#supervisor.on('error', reject);
      this.#supervisor.on('exit', () => reject(new Error('the supervisor ended')));
      this.#supervisor.on('message', (told: Told) => {
        if ('ended' in told)
          void this.log(told.ended).then((log) => reject(new Error(`${told.ended} ended:\n${log}`)));
      });
    });
    this.#ended.catch(() => undefined);
  }

  /** The same, or the rejection with its log when a program ends first. */
  while<T>(work: Promise<T>): Promise<T> {
    return Promise.race([work, this.#ended]);
  }

  /** Starts or stops one of the programs; resolves when that is done. */
  async command(action: Command['action'], name: string): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<undefined>();
    const onTold = (told: Told): void => {
      if ('done' in told && told.done.action === action && told.done.name === name) resolve(undefined);
    };
    this.#supervisor.on('message', onTold);
    this.#supervisor.send({ action, name } satisfies Command);
    await this.while(promise);
    this.#supervisor.off('message', onTold);
  }

  /** The end of what a program has written. */
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
