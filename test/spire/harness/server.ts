import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { z } from 'zod';
import { SpireProgram } from './program.ts';
import { serverConfiguration, type Place, type ServerOptions } from './server-configuration.ts';

/** A registration entry: who gets which ID. */
export interface Entry {
  /** SPIFFE ID of the agent, or of the node, that gives it. */
  readonly parent: string;
  readonly path: string;
  readonly ttlSeconds: number;
  /** Unix user whose processes it is for; this process's own where it is left out. */
  readonly uid?: number;
  readonly hint?: string;
  readonly dnsNames?: readonly string[];
  /** Trust domains. */
  readonly federatesWith?: readonly string[];
  readonly downstream?: boolean;
}

export interface PreparedAuthority {
  readonly id: string;
  /** Subject key identifier of the upstream authority's certificate; empty where there is none. */
  readonly signedBy: string;
}

const created = z.object({ results: z.tuple([z.object({ entry: z.object({ id: z.string() }) })]) });
const shown = z.object({ entries: z.array(z.object({ id: z.string() })) });
const token = z.object({ value: z.string() });
const prepared = z.object({
  prepared_authority: z.object({
    authority_id: z.string(),
    upstream_authority_subject_key_id: z.string().default(''),
  }),
});
const minted = z.object({ x509_svid: z.array(z.string()).min(1) });
const authorities = z.object({ active: z.object({ authority_id: z.string() }) });

/** A SPIRE server on loopback, with its own command line as the only way in. */
export class SpireServer {
  readonly place: Place;
  readonly trustDomain: string;
  readonly #program: SpireProgram;

  private constructor(place: Place, trustDomain: string, program: SpireProgram) {
    this.place = place;
    this.trustDomain = trustDomain;
    this.#program = program;
  }

  static async start(place: Place, options: ServerOptions): Promise<SpireServer> {
    const program = await SpireProgram.start({
      file: join(place.bin, 'spire-server'),
      name: 'spire-server',
      files: (folder) => ({
        'spire.conf': serverConfiguration(folder, place, options),
        'node-ca.pem': options.nodeCa ?? '',
      }),
      within: options.shared?.within,
      env: options.shared?.env,
    });
    const server = new SpireServer(place, options.trustDomain, program);
    await server.#ready().catch(async (error: unknown) => {
      await program.close();
      throw error;
    });
    return server;
  }

  /** As the kernel kills: nothing is tidied up. */
  kill(): Promise<void> {
    return this.#program.kill();
  }

  /** Resolves with the end of its log when the server ends by itself. */
  ended(): Promise<string> {
    return this.#program.ended();
  }

  /** With what it left on its disk. */
  async startAgain(): Promise<void> {
    await this.#program.startAgain();
    await this.#ready();
  }

  /** @returns the ID of the entry */
  async createEntry(entry: Entry): Promise<string> {
    const { parent, path, ttlSeconds, uid = process.getuid?.() ?? 0, hint = '', downstream = false } = entry;
    const args = ['-parentID', parent, '-spiffeID', this.id(path), '-selector', `unix:uid:${uid}`];
    args.push('-x509SVIDTTL', String(ttlSeconds), '-hint', hint, `-downstream=${downstream}`);
    for (const name of entry.dnsNames ?? []) args.push('-dns', name);
    for (const name of entry.federatesWith ?? []) args.push('-federatesWith', `spiffe://${name}`);
    const { results } = created.parse(await this.#json('entry', 'create', ...args));
    return results[0].entry.id;
  }

  async deleteEntry(id: string): Promise<void> {
    await this.#run('entry', 'delete', '-entryID', id);
  }

  /** IDs of all entries. */
  async entries(): Promise<readonly string[]> {
    return shown.parse(await this.#json('entry', 'show')).entries.map(({ id }) => id);
  }

  /** A secret for the first start of one agent. */
  async joinToken(): Promise<string> {
    return token.parse(await this.#json('token', 'generate')).value;
  }

  /** Takes an agent's identity away for good. */
  async ban(agentId: string): Promise<void> {
    await this.#run('agent', 'ban', '-spiffeID', agentId);
  }

  /** PEM of the X.509 authorities. */
  bundle(): Promise<string> {
    return this.#run('bundle', 'show');
  }

  /** Trusts another trust domain; its bundle is then there for entries that federate with it. */
  async federateWith(other: SpireServer): Promise<void> {
    const path = join(this.#program.folder, `${other.trustDomain}.pem`);
    await writeFile(path, await other.bundle());
    await this.#run('bundle', 'set', '-id', `spiffe://${other.trustDomain}`, '-path', path);
  }

  /** Trusts it no longer; entries that federate with it lose that. */
  async unfederate({ trustDomain }: SpireServer): Promise<void> {
    await this.#run('bundle', 'delete', '-id', `spiffe://${trustDomain}`, '-mode', 'dissociate');
  }

  /** DER chain of an SVID without any agent, as an administrator gets one. */
  async mint(path: string, ...args: readonly string[]): Promise<readonly Uint8Array[]> {
    const { x509_svid } = minted.parse(await this.#json('x509', 'mint', '-spiffeID', this.id(path), ...args));
    return x509_svid.map((text) => Buffer.from(text, 'base64'));
  }

  async activeAuthority(): Promise<string> {
    return authorities.parse(await this.#json('localauthority', 'x509', 'show')).active.authority_id;
  }

  /** A new CA, which signs nothing yet; its root is in the bundle. */
  async prepareAuthority(): Promise<PreparedAuthority> {
    const answer = prepared.parse(await this.#json('localauthority', 'x509', 'prepare'));
    const { authority_id, upstream_authority_subject_key_id } = answer.prepared_authority;
    return { id: authority_id, signedBy: upstream_authority_subject_key_id };
  }

  async changeAuthority(action: 'activate' | 'taint' | 'revoke', id: string): Promise<void> {
    await this.#run('localauthority', 'x509', action, '-authorityID', id);
  }

  async changeUpstreamAuthority(action: 'taint' | 'revoke', subjectKeyId: string): Promise<void> {
    await this.#run('upstreamauthority', action, '-subjectKeyID', subjectKeyId);
  }

  id(path: string): string {
    return `spiffe://${this.trustDomain}/${path}`;
  }

  /** The lines of its log, oldest first; those of the audit log have the type `audit`. */
  async logged(): Promise<readonly unknown[]> {
    return (await this.#program.logLines()).map((line): unknown => JSON.parse(line));
  }

  close(): Promise<void> {
    return this.#program.close();
  }

  #ready(): Promise<void> {
    return this.#program.ready(() =>
      this.#run('healthcheck').then(
        () => true,
        () => false,
      ),
    );
  }

  async #json(...args: readonly string[]): Promise<unknown> {
    return JSON.parse(await this.#run(...args, '-output', 'json'));
  }

  async #run(...args: readonly string[]): Promise<string> {
    const socket = join(this.#program.folder, 'admin.sock');
    const { stdout } = await promisify(execFile)(join(this.place.bin, 'spire-server'), [
      ...args,
      '-socketPath',
      socket,
    ]);
    return stdout;
  }
}
