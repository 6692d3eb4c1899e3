import { execFile } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { promisify } from 'node:util';
import { RunningPrograms } from '../../cluster/programs.ts';
import type { Endpoint } from './service.ts';

const versions = '/usr/lib/postgresql';

/** Folder of the newest PostgreSQL that Debian installed; undefined where there is none. */
export const postgresBin = existsSync(versions)
  ? readdirSync(versions)
      .toSorted((a, b) => Number(b) - Number(a))
      .map((version) => join(versions, version, 'bin'))
      .find((bin) => existsSync(join(bin, 'initdb')))
  : undefined;

export interface InstanceOptions {
  /** Files of its folder; certificates are `server.crt`, `server.key` and `ca.crt`, unless `settings` says other ones. */
  readonly files: Readonly<Record<string, string>> & { readonly 'pg_hba.conf': string };
  readonly settings?: Readonly<Record<string, string>>;
  /** The primary whose standby this is to be; without it, a new database. */
  readonly from?: Instance;
}

const readyWithinMs = 60_000;
const askAgainMs = 100;

/** PostgreSQL refuses to run as root. */
const asPostgres: readonly string[] =
  process.getuid?.() === 0
    ? ['setpriv', '--reuid=postgres', '--regid=postgres', '--clear-groups', '--reset-env']
    : [];

async function run(program: string, ...args: readonly string[]): Promise<string> {
  const [file = '', ...rest] = [...asPostgres, join(postgresBin ?? '', program), ...args];
  const { stdout } = await promisify(execFile)(file, rest, { cwd: '/' });
  return stdout.trim();
}

/** A real PostgreSQL server on loopback with TLS, with a folder of its own. */
export class Instance {
  readonly endpoint: Endpoint;
  readonly folder: string;
  readonly data: string;
  readonly #running: RunningPrograms;

  private constructor(endpoint: Endpoint, folder: string, own: Readonly<Record<string, string>>) {
    this.endpoint = endpoint;
    this.folder = folder;
    this.data = join(folder, 'data');
    const settings = {
      listen_addresses: endpoint.host,
      port: String(endpoint.port),
      unix_socket_directories: folder,
      ssl: 'on',
      ssl_cert_file: join(folder, 'server.crt'),
      ssl_key_file: join(folder, 'server.key'),
      ssl_ca_file: join(folder, 'ca.crt'),
      hba_file: join(folder, 'pg_hba.conf'),
      ident_file: join(folder, 'pg_ident.conf'),
      ...own,
    };
    const options = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
    const command = [
      ...asPostgres,
      join(postgresBin ?? '', 'postgres'),
      '-D',
      join(folder, 'data'),
      ...options,
    ];
    const [file = '', ...args] = command;
    this.#running = new RunningPrograms({
      folder,
      programs: [{ name: 'postgres', file, args, output: 'file' }],
    });
  }

  static async start(endpoint: Endpoint, options: InstanceOptions): Promise<Instance> {
    const { files, settings = {}, from } = options;
    const folder = await mkdtemp(join(tmpdir(), 'fs-ha-'));
    await fill(folder, files, from?.conninfo).catch(async (error: unknown) => {
      await rm(folder, { recursive: true });
      throw error;
    });
    const instance = new Instance(endpoint, folder, settings);
    await instance.#ready().catch(async (error: unknown) => {
      await instance.close();
      throw error;
    });
    return instance;
  }

  /** How a standby reaches this one. */
  get conninfo(): string {
    const { host, port } = this.endpoint;
    const verified = `sslmode=verify-ca sslrootcert=${join(this.folder, 'ca.crt')}`;
    return `host=${host} port=${port} user=streaming_replica application_name=standby ${verified}`;
  }

  /** What psql prints of a statement, as the superuser. */
  sql(statement: string, database = 'postgres'): Promise<string> {
    const { port } = this.endpoint;
    const at = ['-h', this.folder, '-p', String(port), '-U', 'postgres', '-d', database];
    return run('psql', ...at, '-XAtq', '-v', 'ON_ERROR_STOP=1', '-c', statement);
  }

  /** As the kernel kills: nobody says goodbye. */
  async kill(): Promise<void> {
    await this.#running.command('kill', 'postgres');
  }

  close(): Promise<void> {
    return this.#running.close();
  }

  /** No event tells when it begins to serve, so it is asked until it does. */
  async #ready(): Promise<void> {
    const deadline = AbortSignal.timeout(readyWithinMs);
    const answers = (): Promise<boolean> =>
      this.sql('SELECT 1').then(
        () => true,
        () => false,
      );
    while (!(await this.#running.while(answers()))) {
      if (deadline.aborted)
        throw new Error(`PostgreSQL is not ready:\n${await this.#running.log('postgres')}`);
      await setTimeout(askAgainMs);
    }
  }
}

/** Makes a new database, or a copy of the primary that `conninfo` leads to. */
async function fill(
  folder: string,
  files: InstanceOptions['files'],
  conninfo: string | undefined,
): Promise<void> {
  const all = { 'pg_ident.conf': '', ...files };
  for (const [name, text] of Object.entries(all)) await writeFile(join(folder, name), text, { mode: 0o600 });
  await chmod(folder, 0o755);
  if (asPostgres.length > 0) await promisify(execFile)('chown', ['-R', 'postgres:postgres', folder]);
  const data = join(folder, 'data');
  if (conninfo === undefined) await run('initdb', '-D', data, '-U', 'postgres', '--auth=trust', '--no-sync');
  else await run('pg_basebackup', '-D', data, '-R', '-X', 'stream', '-c', 'fast', '-d', conninfo);
}
