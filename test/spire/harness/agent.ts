import { execFile } from 'node:child_process';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { z } from 'zod';
import { certificatesFrom } from '../../../src/spiffe/pem.ts';
import { SpireProgram } from './program.ts';
import type { SpireServer } from './server.ts';

export interface AgentOptions {
  readonly workloadKeyType?: 'ec-p256' | 'ec-p384' | 'rsa-2048';
  /** Whoever reaches the socket may have the bundles; default false, as SPIRE's own. */
  readonly allowUnauthenticatedVerifiers?: boolean;
  /** What it attests with; default a new join token. */
  readonly joinToken?: string;
  /** Where it reaches its server; default the server itself. */
  readonly at?: { readonly host: string; readonly port: number };
}

const stored = z.object({ svid: z.array(z.string()).min(1) });

/** A SPIRE agent that attested with a join token and tells workloads apart by their unix user. */
export class SpireAgent {
  /** SPIFFE ID. */
  readonly id: string;
  readonly socketPath: string;
  readonly #bin: string;
  readonly #program: SpireProgram;

  private constructor(bin: string, id: string, program: SpireProgram) {
    this.#bin = bin;
    this.id = id;
    this.#program = program;
    this.socketPath = join(program.folder, 'agent.sock');
  }

  static async start(server: SpireServer, options: AgentOptions = {}): Promise<SpireAgent> {
    const { bin } = server.place;
    const [joinToken, bundle] = await Promise.all([options.joinToken ?? server.joinToken(), server.bundle()]);
    const program = await SpireProgram.start({
      file: join(bin, 'spire-agent'),
      name: 'spire-agent',
      files: (folder) => ({
        'spire.conf': configuration(folder, server, joinToken, options),
        'bundle.pem': bundle,
      }),
    });
    const agent = new SpireAgent(bin, server.id(`spire/agent/join_token/${joinToken}`), program);
    await agent.#ready().catch(async (error: unknown) => {
      await program.close();
      throw error;
    });
    return agent;
  }

  /** For SPIFFE_ENDPOINT_SOCKET. */
  get address(): string {
    return `unix://${this.socketPath}`;
  }

  /** Tells one socket file from another in the same place; inode numbers alone are used again. */
  async socketFile(): Promise<string> {
    const { ino, ctimeNs } = await stat(this.socketPath, { bigint: true });
    return `${ino} ${ctimeNs}`;
  }

  /** DER of the agent's own chain, which it keeps to come back with after a restart. */
  async ownChain(): Promise<readonly Uint8Array[]> {
    const { svid } = stored.parse(
      JSON.parse(await readFile(join(this.#program.folder, 'agent-data.json'), 'utf8')),
    );
    return svid.flatMap((pem) => certificatesFrom(Buffer.from(pem, 'base64').toString()));
  }

  kill(): Promise<void> {
    return this.#program.kill();
  }

  async startAgain(): Promise<void> {
    await this.#program.startAgain();
    await this.#ready();
  }

  /** Resolves with the end of its log when the agent ends by itself. */
  ended(): Promise<string> {
    return this.#program.ended();
  }

  /** The end of its log. */
  endOfLog(): Promise<string> {
    return this.#program.log();
  }

  close(): Promise<void> {
    return this.#program.close();
  }

  #ready(): Promise<void> {
    const args = ['healthcheck', '-socketPath', this.socketPath];
    return this.#program.ready(() =>
      promisify(execFile)(join(this.#bin, 'spire-agent'), args).then(
        () => true,
        () => false,
      ),
    );
  }
}

function configuration(
  folder: string,
  server: SpireServer,
  joinToken: string,
  options: AgentOptions,
): string {
  const { workloadKeyType = 'ec-p256', allowUnauthenticatedVerifiers = false, at = server.place } = options;
  return `
agent {
  server_address = "${at.host}"
  server_port = ${at.port}
  socket_path = "${folder}/agent.sock"
  trust_domain = "${server.trustDomain}"
  trust_bundle_path = "${folder}/bundle.pem"
  data_dir = "${folder}"
  join_token = "${joinToken}"
  workload_x509_svid_key_type = "${workloadKeyType}"
  allow_unauthenticated_verifiers = ${allowUnauthenticatedVerifiers}
  experimental {
    sync_interval = "1s"
  }
}
plugins {
  NodeAttestor "join_token" {
    plugin_data {}
  }
  KeyManager "disk" {
    plugin_data {
      directory = "${folder}"
    }
  }
  WorkloadAttestor "unix" {
    plugin_data {}
  }
}
`;
}
