import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';

/** A folder with the Go program of test/interop/peer; scripts/test --cluster builds and names it. */
export const interopBin = process.env['FEATURESEAL_INTEROP_BIN'];

/** The Go program in one of its modes; answers come in the order of the questions. */
export class Peer {
  readonly #process: ChildProcessWithoutNullStreams;
  readonly #lines: Interface;
  readonly #waiting: { resolve: (line: string) => void; reject: (error: Error) => void }[] = [];
  #errors = '';

  constructor(...args: readonly string[]) {
    this.#process = spawn(join(interopBin ?? '', 'peer'), args);
    this.#process.stderr.on('data', (text: Buffer) => (this.#errors += text.toString()));
    this.#process.on('error', (error) => this.#fail(error));
    this.#process.on('close', (status) =>
      this.#fail(new Error(`peer ended with ${String(status)}: ${this.#errors}`)),
    );
    this.#lines = createInterface({ input: this.#process.stdout });
    this.#lines.on('line', (line) => this.#waiting.shift()?.resolve(line));
  }

  async ask<Answer>(question: object): Promise<Answer> {
    this.tell(question);
    return JSON.parse(await this.line()) as Answer;
  }

  tell(value: object): void {
    this.#process.stdin.write(`${JSON.stringify(value)}\n`);
  }

  /** The next line that nobody waits for yet. */
  line(): Promise<string> {
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    this.#waiting.push({ resolve, reject });
    return promise;
  }

  async close(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.pid === undefined) return;
    const closed = once(this.#process, 'close');
    this.#process.stdin.end();
    await closed;
  }

  #fail(error: Error): void {
    for (const { reject } of this.#waiting.splice(0)) reject(error);
  }
}
