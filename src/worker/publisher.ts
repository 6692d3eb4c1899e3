import { FeaturesealError } from '../error.ts';
import type { Discovery } from '../feature/features.ts';
import { isObject, ownMember } from '../feature/guard.ts';
import type { NodeFeature } from '../feature/node-feature.ts';
import type { X509Svid } from '../port/svid-source.ts';
import { signNodeFeature } from '../seal/sign.ts';
import { nodeFeatureOf } from './node-feature.ts';
import { proveOwnSeal, type OwnSeal } from './own-seal.ts';
import type { WorkerPorts } from './ports.ts';
import type { WorkerSettings } from './settings.ts';

/** Seals and stores this worker's one object, and knows what it stored last. */
export class Publisher {
  readonly #ports: WorkerPorts;
  readonly #settings: WorkerSettings;
  #last: OwnSeal | undefined;
  #lastWrite = -Infinity;

  constructor(ports: WorkerPorts, settings: WorkerSettings) {
    this.#ports = ports;
    this.#settings = settings;
  }

  /** The newest seal of this worker, stored or seen. */
  get last(): OwnSeal | undefined {
    return this.#last;
  }

  /** True where the stored object is the one that was published last, in all that its seal covers. */
  async isOwnLast(object: unknown, svid: X509Svid): Promise<boolean> {
    try {
      const seal = await this.#prove(object, svid);
      return seal.fingerprint === this.#last?.fingerprint;
    } catch {
      return false;
    }
  }

  /**
   * Seals the features with one immutable snapshot of chain and key, proves the seal, stores the whole object, and
   * proves what the server says that it stored.
   *
   * @throws FeaturesealError mutated, store-conflict, store-unavailable, store-refused, or the code of what is wrong with the SVID
   */
  async publish(discovery: Discovery, svid: X509Svid, signal: AbortSignal): Promise<OwnSeal> {
    const { own, clock, crypto } = this.#ports;
    const { cluster, writeIntervalMs } = this.#settings;
    const stored = await own.read(signal);
    await this.#learn(stored, svid);

    const now = Math.max(clock.now(), (this.#last?.iat ?? 0) + 1);
    const object = nodeFeatureOf(discovery, this.#settings);
    const sealed = await signNodeFeature(object, { svid, cluster, now: new Date(now), crypto });
    const seal = await this.#prove(sealed, svid);

    // A fight over the object must not become a load on the API server.
    await clock.sleep(this.#lastWrite + writeIntervalMs - clock.now(), signal);
    this.#lastWrite = clock.now();
    const answer = stored === undefined ? await own.create(sealed, signal) : await own.replace(over(stored, sealed), signal);
    await this.#checkAnswer(answer, seal, svid);
    this.#last = seal;
    return seal;
  }

  /** A seal of an earlier life of this worker: its time must never be undercut, or the next seal looks like a replay. */
  async #learn(stored: unknown, svid: X509Svid): Promise<void> {
    if (stored === undefined) return;
    try {
      const seal = await this.#prove(stored, svid);
      const isPast = seal.iat <= this.#ports.clock.now();
      if (isPast && seal.iat > (this.#last?.iat ?? 0)) this.#last = seal;
    } catch {
      // Somebody else's, edited or expired: nothing to learn from.
    }
  }

  async #checkAnswer(answer: unknown, seal: OwnSeal, svid: X509Svid): Promise<void> {
    try {
      const stored = await this.#prove(answer, svid);
      if (stored.fingerprint === seal.fingerprint) return;
    } catch (cause) {
      throw mutated(cause);
    }
    throw mutated();
  }

  #prove(object: unknown, svid: X509Svid): Promise<OwnSeal> {
    const { clock, crypto } = this.#ports;
    const { cluster, node } = this.#settings;
    return proveOwnSeal(object, { svid, cluster, node, now: new Date(clock.now()), crypto });
  }
}

/** The sealed object under UID and resourceVersion of what it replaces. */
function over(stored: unknown, sealed: NodeFeature): NodeFeature {
  const metadata = isObject(stored) ? ownMember(stored, 'metadata') : undefined;
  const text = (key: string): Record<string, string> => {
    const value = isObject(metadata) ? ownMember(metadata, key) : undefined;
    return typeof value === 'string' ? { [key]: value } : {};
  };
  return { ...sealed, metadata: { ...sealed.metadata, ...text('uid'), ...text('resourceVersion') } };
}

function mutated(cause?: unknown): FeaturesealError {
  const message = 'the server stored something else than was sent; look for a mutating webhook or a trimmed CRD';
  return new FeaturesealError({ code: 'mutated', message, cause });
}
