import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** Ends of a link in a /30 of 10.0.0.0/8, by our process ID: test runs on one machine never meet. */
const { pid } = process;
const subnet = `10.${199 + ((pid >> 14) & 3)}.${(pid >> 6) & 255}`;
const first = (pid & 63) << 2;

/** A network namespace, the site, with one link to this process's own, the cloud. Needs root. */
export class Link {
  /** Address of the cloud's end, reached from the site while the link is up; the cloud itself always reaches it. */
  readonly cloudAddress = `${subnet}.${first + 1}`;
  readonly #siteAddress = `${subnet}.${first + 2}`;
  readonly #name = `fs-site-${pid}`;

  private constructor() {}

  static async create(): Promise<Link> {
    const link = new Link();
    try {
      await link.#build();
      return link;
    } catch (thrown) {
      await link.close();
      throw thrown;
    }
  }

  /** What comes before a program and its arguments, to run it at the site; files and processes are shared. */
  get enter(): readonly string[] {
    return ['nsenter', `--net=/run/netns/${this.#name}`, '--'];
  }

  /** As a cable that is pulled: nobody is told, packets are lost. */
  async cut(): Promise<void> {
    await this.#atSite('link', 'set', 'uplink', 'down');
  }

  async restore(): Promise<void> {
    await this.#atSite('link', 'set', 'uplink', 'up');
  }

  /** Takes both ends away, once no program runs at the site. */
  async close(): Promise<void> {
    await ip('netns', 'delete', this.#name).catch(() => undefined);
    await ip('link', 'delete', this.#cloudEnd).catch(() => undefined);
  }

  /** At most 15 characters. */
  get #cloudEnd(): string {
    return `fss${pid}`;
  }

  async #build(): Promise<void> {
    await ip('netns', 'add', this.#name);
    await this.#atSite('link', 'set', 'lo', 'up');
    await ip('link', 'add', this.#cloudEnd, 'type', 'veth', 'peer', 'name', 'uplink', 'netns', this.#name);
    await ip('address', 'add', `${this.cloudAddress}/30`, 'dev', this.#cloudEnd);
    await ip('link', 'set', this.#cloudEnd, 'up');
    await this.#atSite('address', 'add', `${this.#siteAddress}/30`, 'dev', 'uplink');
    await this.restore();
  }

  async #atSite(...args: readonly string[]): Promise<void> {
    await ip('-netns', this.#name, ...args);
  }
}

async function ip(...args: readonly string[]): Promise<void> {
  await promisify(execFile)('ip', args);
}
