import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import { interopBin } from '../../interop/peer.ts';
import { Queue } from '../../support/queue.ts';
import type { Database } from './database.ts';
import { roomCommand } from './room.ts';

const answer = z.strictObject({
  acknowledged: z.number().optional(),
  all: z.array(z.number()).optional(),
  /** SQLSTATE, where the server gave one. */
  code: z.string().optional(),
  refused: z.string().optional(),
});

export type Answer = z.infer<typeof answer>;

/** test/interop/pq: SPIRE's driver, in a pod's place. */
export class Writer {
  readonly #folder: string;
  readonly #process: ChildProcessWithoutNullStreams;
  readonly #answers = new Queue<Answer>();

  private constructor(folder: string, process: ChildProcessWithoutNullStreams) {
    this.#folder = folder;
    this.#process = process;
    process.stderr.on('data', (text: Buffer) => this.#answers.push({ refused: `ended: ${text.toString()}` }));
    createInterface({ input: process.stdout }).on('line', (line) =>
      this.#answers.push(answer.parse(JSON.parse(line))),
    );
  }

  static async start(database: Database, connectionString: string): Promise<Writer> {
    const folder = await mkdtemp(join(tmpdir(), 'fs-pq-'));
    const { hosts, caFolder, password } = database;
    const [file, ...room] = await roomCommand({ folder, hosts, mounts: { '/run/spire/database': caFolder } });
    const args = [...room, join(interopBin ?? '', 'pq'), connectionString];
    return new Writer(
      folder,
      spawn(file, args, { env: { PATH: process.env['PATH'], PGPASSWORD: password } }),
    );
  }

  write(number: number): Promise<Answer> {
    return this.#ask(String(number));
  }

  /** All numbers that are there. */
  async all(): Promise<readonly number[]> {
    const { all, refused } = await this.#ask('all');
    if (all === undefined) throw new Error(refused);
    return all;
  }

  async close(): Promise<void> {
    if (this.#process.exitCode === null) {
      const closed = once(this.#process, 'close');
      this.#process.stdin.end();
      await closed;
    }
    await rm(this.#folder, { recursive: true });
  }

  #ask(line: string): Promise<Answer> {
    this.#process.stdin.write(`${line}\n`);
    return this.#answers.next();
  }
}
