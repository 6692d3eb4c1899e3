import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { RunningPrograms } from './programs.ts';

/** One line of a process's log. */
export type LogLine = Readonly<Record<string, unknown>>;

export interface ProcessOptions {
  readonly command: 'worker' | 'master' | 'identity authority' | 'identity node-plugin';
  /** Configuration file, written as JSON (which is YAML). */
  readonly config: Readonly<Record<string, unknown>>;
  /** What stands beside it, by name: `kubeconfig`, a master's `policy.yaml`, a worker's plugins. */
  readonly files: Readonly<Record<string, string>>;
  readonly flags?: readonly string[];
  /** Command that runs it elsewhere: what comes before program and arguments. */
  readonly enter?: readonly string[];
}

const deadlineMs = 60_000;
const askAgainMs = 100;
const repository = join(import.meta.dirname, '../..');

/** One of the commands that run until they are stopped, as a process of its own, which ends at the latest when this one does. */
export class FeaturesealProcess {
  /** Everything that it has logged so far. */
  readonly lines: LogLine[] = [];
  readonly #name: string;
  readonly #programs: RunningPrograms;
  readonly #listeners = new Set<() => void>();
  #mayEnd = false;
  /** Where the first line of its present life stands. */
  #startedAt = 0;

  private constructor(name: string, programs: RunningPrograms) {
    this.#name = name;
    this.#programs = programs;
    void this.#read(programs.stderr);
  }

  static async start({
    command,
    config,
    files,
    flags = [],
    enter = [],
  }: ProcessOptions): Promise<FeaturesealProcess> {
    const name = command.replace(' ', '-');
    const folder = await mkdtemp(join(tmpdir(), `fs-${name}-`));
    const own = {
      kubeconfig: join(folder, 'kubeconfig'),
      ...(command === 'master' ? { policy: join(folder, 'policy.yaml') } : {}),
    };
    const settings = { healthPort: 0, logLevel: 'debug', ...own, ...config };
    const all = { ...files, 'config.yaml': JSON.stringify(settings) };
    for (const [path, text] of Object.entries(all))
      await writeFile(join(folder, path), text, { mode: 0o600 });
    const main = join(repository, 'src/cli/main.ts');
    const [file = '', ...args] = [
      ...enter,
      process.execPath,
      '--conditions=featureseal-source',
      main,
      ...command.split(' '),
      '--config',
      join(folder, 'config.yaml'),
      ...flags,
    ];
    const program = { name, file, args, output: 'inherit' } as const;
    return new FeaturesealProcess(name, new RunningPrograms({ folder, programs: [program] }, 'pipe'));
  }

  /** Where its files are. */
  get folder(): string {
    return this.#programs.folder;
  }

  /** Where the next line will stand: what was said before does not count. */
  get mark(): number {
    return this.lines.length;
  }

  /** Waits for a line that was or will be logged, from `since` on. */
  async says(isIt: (line: LogLine) => boolean, since = 0, withinMs = deadlineMs): Promise<LogLine> {
    const { promise, resolve, reject } = Promise.withResolvers<LogLine>();
    const look = (): void => {
      const found = this.lines.slice(since).find(isIt);
      if (found !== undefined) resolve(found);
    };
    const deadline = setTimeout(
      () => reject(new Error(`${this.#name} does not say it:\n${this.lastLines()}`)),
      withinMs,
    );
    this.#listeners.add(look);
    look();
    try {
      return await this.#programs.while(promise);
    } catch (cause) {
      throw new Error(`${this.#name} ended or said something else:\n${this.lastLines()}`, { cause });
    } finally {
      clearTimeout(deadline);
      this.#listeners.delete(look);
    }
  }

  /** For whoever wonders why something did not happen. */
  lastLines(): string {
    const lines = this.lines.slice(-30).map((line) => JSON.stringify(line));
    return [`--- ${this.#name}`, ...lines].join('\n');
  }

  /** Its answer to a request on its health port. */
  async health(
    path: '/livez' | '/readyz' | '/metrics',
  ): Promise<{ readonly status: number; readonly text: string }> {
    const { health } = await this.says((line) => typeof line['health'] === 'string', this.#startedAt);
    const response = await fetch(`${String(health)}${path}`);
    return { status: response.status, text: await response.text() };
  }

  /** Waits until it says that it is ready, or that it is not. */
  async isReady(ready: boolean): Promise<void> {
    const deadline = AbortSignal.timeout(deadlineMs);
    while (((await this.health('/readyz')).status === 200) !== ready) {
      if (deadline.aborted) throw new Error(`/readyz does not change:\n${this.lastLines()}`);
      await sleep(askAgainMs);
    }
  }

  /** Rejects when it ends and nobody has stopped it or waited for it. */
  get ended(): Promise<never> {
    return this.#mayEnd ? new Promise(() => undefined) : this.#programs.ended;
  }

  /** Resolves with the exit status once it has ended by itself. */
  async ends(): Promise<number | null> {
    this.#mayEnd = true;
    return this.#programs.ends(this.#name);
  }

  /** SIGTERM. @returns the exit status */
  async stop(): Promise<number | null> {
    return this.#programs.command('stop', this.#name);
  }

  /** SIGKILL: a crash, a node that lost power. */
  async kill(): Promise<void> {
    await this.#programs.command('kill', this.#name);
  }

  async start(): Promise<void> {
    this.#startedAt = this.mark;
    await this.#programs.command('start', this.#name);
  }

  async close(): Promise<void> {
    await this.#programs.close();
  }

  async #read(stderr: Readable | null): Promise<void> {
    if (stderr === null) return;
    for await (const line of createInterface({ input: stderr })) {
      this.lines.push(parsed(line));
      for (const tell of [...this.#listeners]) tell();
    }
  }
}

/** What is no JSON is for people: usage, or an error before there is a log. */
function parsed(line: string): LogLine {
  try {
    return JSON.parse(line) as LogLine;
  } catch {
    return { text: line };
  }
}
