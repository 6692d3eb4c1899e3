import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { postgresBin, type Instance } from '../../ha/harness/instance.ts';
import { haPage } from './shared-place.ts';

/** A dump of the database of overlay `ha`, made and restored by the commands of docs/ha.md. */
export class Backup {
  readonly #file: string;

  private constructor(file: string) {
    this.#file = file;
  }

  static async of(primary: Instance): Promise<Backup> {
    const file = join(primary.folder, 'spire.dump');
    await run(primary, 'pg_dump', '-f', file);
    return new Backup(file);
  }

  async restore(primary: Instance): Promise<void> {
    await run(primary, 'pg_restore', this.#file);
  }
}

async function run(
  { folder, endpoint }: Instance,
  program: 'pg_dump' | 'pg_restore',
  ...more: readonly string[]
): Promise<void> {
  const [, told = ''] = new RegExp(`-- ${program} (.*?) [<>]`).exec(await haPage()) ?? [];
  const at = ['-h', folder, '-p', String(endpoint.port), '-U', 'postgres'];
  await promisify(execFile)(join(postgresBin ?? '', program), [...told.split(' '), ...at, ...more]);
}
