import { readFile } from 'node:fs/promises';
import { asFeaturesealError } from '../../error.ts';
import type { Clock } from '../../port/clock.ts';
import type { Log } from '../../port/log.ts';
import { parseBundleFile, parseRoots } from '../../spiffe/bundle.ts';
import type { X509Bundles } from '../../spiffe/types.ts';

export interface BundleFileOptions {
  readonly file: string;
  readonly trustDomain: string;
  readonly clock: Clock;
  readonly log: Log;
}

/** kubelet brings a changed ConfigMap within a minute or so; this adds little to it. */
const bundleIntervalMs = 5_000;

/** The trust bundle as the authority publishes it. A file that cannot be read leaves the last one in use. */
export class BundleFile {
  readonly #options: BundleFileOptions;
  #text = '';
  #bundles: X509Bundles | undefined;
  #problem: string | undefined = 'not read yet';

  constructor(options: BundleFileOptions) {
    this.#options = options;
  }

  /** The same Map until the bundle changes; undefined before the first. */
  current(): X509Bundles | undefined {
    return this.#bundles;
  }

  problem(): string | undefined {
    return this.#bundles === undefined ? this.#problem : undefined;
  }

  /** Reads, and reads again, until told to stop. */
  async run(onChange: () => void, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      if (await this.read()) onChange();
      await this.#options.clock.sleep(bundleIntervalMs, signal);
    }
  }

  /** True where the bundle is another one now. Never rejects. */
  async read(): Promise<boolean> {
    const { file, trustDomain, log } = this.#options;
    try {
      const text = await readFile(file, 'utf8');
      this.#problem = undefined;
      if (text === this.#text) return false;
      const roots = parseBundleFile(text);
      parseRoots(roots);
      this.#bundles = new Map([[trustDomain, roots]]);
      this.#text = text;
      log.info('the trust bundle is read', { file, roots: roots.length });
      return true;
    } catch (thrown) {
      const problem = asFeaturesealError(thrown, 'file-unreadable', `the trust bundle ${file}`).message;
      if (problem !== this.#problem) log.warn('the trust bundle cannot be read', { file, reason: problem });
      this.#problem = problem;
      return false;
    }
  }
}
