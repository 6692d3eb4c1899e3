import { afterAll, beforeAll, describe } from '@jest/globals';
import { SpireAgent, type AgentOptions } from './agent.ts';
import type { ServerOptions } from './server-configuration.ts';
import { SpireServer } from './server.ts';
import { spireVersion } from './version.ts';

const bin = process.env['SPIRE_BIN_DIR'];
const skipReason = 'skipped: SPIRE_BIN_DIR names no folder with spire-server and spire-agent';

/** Starting a server or an agent takes a second, on a busy machine many. */
export const startMs = 120_000;

/** Tests that need SPIRE's programs; where there are none, their title says so and they are skipped. */
export function describeOnSpire(name: string, tests: () => void): void {
  if (bin === undefined) describe.skip(`${name} (${skipReason})`, tests);
  else describe(name, tests);
}

/** Folder of the programs; only to be asked by tests that run. */
export function binFolder(): string {
  if (bin === undefined) throw new TypeError(skipReason);
  return bin;
}

/** The SPIRE programs of one test file. */
export class Site {
  readonly #opened: { close(): Promise<void> }[] = [];
  #servers = 0;

  async server(options: Partial<ServerOptions> = {}): Promise<SpireServer> {
    const place = { bin: binFolder(), host: ownAddress(), port: 8081 + this.#servers++ };
    return this.#keep(await SpireServer.start(place, { trustDomain: 'example.org', ...options }));
  }

  async agent(server: SpireServer, options: AgentOptions = {}): Promise<SpireAgent> {
    return this.#keep(await SpireAgent.start(server, options));
  }

  /** The last one first: an agent has a server behind it. */
  async close(): Promise<void> {
    for (const opened of this.#opened.splice(0).toReversed()) await opened.close();
  }

  #keep<T extends { close(): Promise<void> }>(opened: T): T {
    this.#opened.push(opened);
    return opened;
  }
}

/** A site for the tests described, its programs new enough; call it where they are described. */
export function spireSite(): Site {
  const site = new Site();
  beforeAll(() => spireVersion(binFolder()));
  afterAll(() => site.close(), startMs);
  return site;
}

/** Of 127.0.0.0/8, by our process ID: test runs on one machine never meet. */
function ownAddress(): string {
  const { pid } = process;
  return `127.${96 + (pid >> 16)}.${(pid >> 8) & 255}.${pid & 255}`;
}
