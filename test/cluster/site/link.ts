import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { promisify } from 'node:util';

/** Nobody else is in these networks, so the addresses are free: of TEST-NET-1 (RFC 5737). */
const cloud = { address: '192.0.2.1', end: '192.0.2.5' };
const siteEnd = '192.0.2.6';

/**
 * The network of the site, and its one link to the network of this process, the cloud. Neither has a name, so both are
 * gone with their last process, however that ends. Needs the rights of a network's owner: see own-network.ts.
 */
export class Link {
  /** Where the site reaches the cloud, while the link is up. */
  readonly cloudAddress = cloud.address;
  readonly #keeper: ChildProcess;

  private constructor(keeper: ChildProcess) {
    this.#keeper = keeper;
  }

  static async create(): Promise<Link> {
    // It ends with this process at the latest, by the end of its input; what it echoes, it echoes from the new network.
    const keeper = spawn('unshare', ['--net', 'cat'], { stdio: ['pipe', 'pipe', 'inherit'], detached: true });
    const link = new Link(keeper);
    keeper.stdin.write('ready\n');
    await Promise.race([once(keeper.stdout, 'data'), once(keeper, 'exit').then(noNetwork)]);
    await link.#build();
    return link;
  }

  /** What comes before a program and its arguments, to run it at the site; files and processes are shared. */
  get enter(): readonly string[] {
    return ['nsenter', `--net=/proc/${this.#keeper.pid}/ns/net`, '--'];
  }

  /** As a cable that is pulled far away: no connection is told, and what is sent is lost. */
  async cut(): Promise<void> {
    await run('ip', 'link', 'set', 'to-site', 'down');
  }

  async restore(): Promise<void> {
    await run('ip', 'link', 'set', 'to-site', 'up');
  }

  /** The site's network ends with the last program in it. */
  close(): void {
    this.#keeper.kill();
  }

  async #build(): Promise<void> {
    const atSite = (...args: readonly string[]): Promise<void> => run(...this.enter, 'ip', ...args);
    await run('ip', 'link', 'set', 'lo', 'up');
    await atSite('link', 'set', 'lo', 'up');
    const far = ['netns', String(this.#keeper.pid)];
    await run('ip', 'link', 'add', 'to-site', 'type', 'veth', 'peer', 'name', 'to-cloud', ...far);
    // Not on the link, or the cloud itself would not reach it while that is cut.
    await run('ip', 'address', 'add', `${cloud.address}/32`, 'dev', 'lo');
    await run('ip', 'address', 'add', `${cloud.end}/30`, 'dev', 'to-site');
    await this.restore();
    await atSite('address', 'add', `${siteEnd}/30`, 'dev', 'to-cloud');
    await atSite('link', 'set', 'to-cloud', 'up');
    await atSite('route', 'add', cloud.address, 'via', cloud.end);
  }
}

async function run(file = '', ...args: readonly string[]): Promise<void> {
  await promisify(execFile)(file, args);
}

function noNetwork(): never {
  throw new Error('no network could be made for the site');
}
