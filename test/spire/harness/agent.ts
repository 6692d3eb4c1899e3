import { execFile } from 'node:child_process';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { z } from 'zod';
import { certificatesFrom } from '../../../src/spiffe/pem.ts';
import type { Credentials } from '../../cluster/api-client.ts';
import { SpireProgram } from './program.ts';
import { byCertificate, byToken, type Proof } from './proof.ts';
import type { SpireServer } from './server.ts';

export interface AgentOptions {
  readonly workloadKeyType?: 'ec-p256' | 'ec-p384' | 'rsa-2048';
  /** Whoever reaches the socket may have the bundles; default false, as SPIRE's own. */
  readonly allowUnauthenticatedVerifiers?: boolean;
  /** What it attests with; default a new join token. */
  readonly joinToken?: string;
  /** What it attests with instead, as often as it likes: for a server that has the CA of it. */
  readonly certificate?: Credentials;
  /** Where its socket is; default its own folder, which is another one for each agent. */
  readonly socketPath?: string;
  /** How long its server may take to let it in; default a minute. */
  readonly readyWithinMs?: number;
  /** Where it reaches its server; default the server itself. */
  readonly at?: { readonly host: string; readonly port: number };
}

const stored = z.object({ svid: z.array(z.string()).min(1) });

/** A SPIRE agent that tells workloads apart by their unix user. */
export class SpireAgent {
  /** SPIFFE ID. */
  readonly id: string;
  readonly socketPath: string;
  readonly #bin: string;
  readonly #program: SpireProgram;

  private constructor(bin: string, id: string, program: SpireProgram, socketPath: string) {
    this.#bin = bin;
    this.id = id;
    this.#program = program;
    this.socketPath = socketPath;
  }

  static async start(server: SpireServer, options: AgentOptions = {}): Promise<SpireAgent> {
    const { bin } = server.place;
    const { certificate } = options;
    const proof =
      certificate === undefined
        ? byToken(options.joinToken ?? (await server.joinToken()))
        : byCertificate(certificate);
    const bundle = await server.bundle();
    const program = await SpireProgram.start({
      file: join(bin, 'spire-agent'),
      name: 'spire-agent',
      files: (folder) => ({
        'spire.conf': configuration(folder, server, proof, options),
        'bundle.pem': bundle,
        ...proof.files,
      }),
    });
    const socketPath = options.socketPath ?? join(program.folder, 'agent.sock');
    const agent = new SpireAgent(bin, server.id(`spire/agent/${proof.path}`), program, socketPath);
    await agent.#ready(options.readyWithinMs).catch(async (error: unknown) => {
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

  #ready(withinMs?: number): Promise<void> {
    const args = ['healthcheck', '-socketPath', this.socketPath];
    const answers = (): Promise<boolean> =>
      promisify(execFile)(join(this.#bin, 'spire-agent'), args).then(
        () => true,
        () => false,
      );
    return this.#program.ready(answers, withinMs);
  }
}

function configuration(folder: string, server: SpireServer, proof: Proof, options: AgentOptions): string {
  const { workloadKeyType = 'ec-p256', allowUnauthenticatedVerifiers = false, at = server.place } = options;
  const { socketPath = `${folder}/agent.sock` } = options;
  return `
agent {
  server_address = "${at.host}"
  server_port = ${at.port}
  socket_path = "${socketPath}"
  trust_domain = "${server.trustDomain}"
  trust_bundle_path = "${folder}/bundle.pem"
  data_dir = "${folder}"
  ${proof.settings}
  workload_x509_svid_key_type = "${workloadKeyType}"
  allow_unauthenticated_verifiers = ${allowUnauthenticatedVerifiers}
  experimental {
    sync_interval = "1s"
  }
}
plugins {
  ${proof.plugins(folder)}
  WorkloadAttestor "unix" {
    plugin_data {}
  }
}
`;
}
