import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe } from '@jest/globals';
import { startDatabase, type Database } from '../../ha/harness/database.ts';
import { roomCommand } from '../../ha/harness/room.ts';
import { pluginBlock } from '../../ha/harness/shipped.ts';
import { ownHost, postgresSkipReason } from '../../ha/harness/suite.ts';
import type { SharedOptions } from './server-configuration.ts';
import { describeOnSpire } from './site.ts';

/** What its reader is told to do, these tests do. */
export const haPage = (): Promise<string> =>
  readFile(join(import.meta.dirname, '../../../docs/ha.md'), 'utf8');

/** Tests that need PostgreSQL beside SPIRE's programs. */
export function describeOnBoth(name: string, tests: () => void): void {
  if (postgresSkipReason === undefined) describeOnSpire(name, tests);
  else describe.skip(`${name} (skipped: ${postgresSkipReason})`, tests);
}

/** PEM. A root, and the intermediate of it that signs the servers' CAs. */
export interface Authority {
  readonly root: string;
  readonly certificate: string;
  readonly key: string;
}

/** What all servers of overlay `ha` share: its database, and the Secret with the authority. */
export class SharedPlace {
  readonly database: Database;
  readonly #folders: string[] = [];
  /** As the Secret is mounted. */
  readonly #secret: string;

  private constructor(database: Database, secret: string) {
    this.database = database;
    this.#secret = secret;
    this.#folders.push(secret);
  }

  static async start(authority: Authority): Promise<SharedPlace> {
    const place = new SharedPlace(await startDatabase(ownHost()), await newFolder());
    await place.mount(authority, authority);
    return place;
  }

  /** Changes the Secret: who signs, and which roots are to be in the bundle. */
  async mount(signer: Authority, ...trusted: readonly Authority[]): Promise<void> {
    const files = {
      'tls.crt': signer.certificate,
      'tls.key': signer.key,
      'ca.crt': trusted.map(({ root }) => root).join(''),
    };
    for (const [name, text] of Object.entries(files)) await writeFile(join(this.#secret, name), text);
  }

  /** For one more server. */
  async forServer(): Promise<SharedOptions> {
    const { hosts, caFolder, password, shipped } = this.database;
    const mounts = { '/run/spire/database': caFolder, '/run/spire/upstream': this.#secret } as const;
    const folder = await newFolder();
    this.#folders.push(folder);
    return {
      dataStore: pluginBlock(shipped.serverConf, 'DataStore'),
      upstreamAuthority: pluginBlock(shipped.serverConf, 'UpstreamAuthority'),
      within: await roomCommand({ folder, hosts, mounts }),
      env: { PGPASSWORD: password },
    };
  }

  async close(): Promise<void> {
    await this.database.close();
    for (const each of this.#folders) await rm(each, { recursive: true });
  }
}

/** Carries out what docs/ha.md says about the authority. */
export async function makeAuthority(): Promise<Authority> {
  const [, commands = ''] = /```sh\n(openssl[^]*?)```/.exec(await haPage()) ?? [];
  const folder = await newFolder();
  try {
    await promisify(execFile)('sh', ['-euc', commands], { cwd: folder });
    const [root = '', certificate = '', key = ''] = await Promise.all(
      ['ca.crt', 'tls.crt', 'tls.key'].map((name) => readFile(join(folder, name), 'utf8')),
    );
    return { root, certificate, key };
  } finally {
    await rm(folder, { recursive: true });
  }
}

function newFolder(): Promise<string> {
  return mkdtemp(join(tmpdir(), 'fs-ha-'));
}
