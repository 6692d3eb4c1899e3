import { FeaturesealError } from '../error.ts';
import { isObject, ownMember } from '../feature/guard.ts';
import type { NodeFeature } from '../feature/node-feature.ts';
import type { X509Svid } from '../port/svid-source.ts';
import { clockSkew } from '../seal/freshness.ts';
import { signNodeFeature } from '../seal/sign.ts';
import { fingerprintOf, proveOwnSeal, type OwnSeal } from './own-seal.ts';
import type { WorkerPorts } from './ports.ts';
import type { WorkerSettings } from './settings.ts';

type Ports = Pick<WorkerPorts, 'own' | 'clock' | 'crypto'>;
type Settings = Pick<WorkerSettings, 'cluster' | 'node' | 'writeIntervalMs'>;

/** Seals and stores a signer's one object, and knows what it stored last. */
export class Publisher {
  readonly #ports: Ports;
  readonly #settings: Settings;
  #last: OwnSeal | undefined;
  #lastSealed: NodeFeature | undefined;
  /** Of the newest seal of this worker that was made or seen; milliseconds since the epoch. */
  #newestIat = 0;
  #lastWrite = -Infinity;

  constructor(ports: Ports, settings: Settings) {
    this.#ports = ports;
    this.#settings = settings;
  }

  /** The newest seal that this process stored. */
  get last(): OwnSeal | undefined {
    return this.#last;
  }

  /** True where the stored object is the one that was published last, in all that its seal covers. */
  async isOwnLast(object: unknown): Promise<boolean> {
    const fingerprint = await fingerprintOf(object, this.#ports.crypto);
    return fingerprint !== undefined && fingerprint === this.#last?.fingerprint;
  }

  /**
   * Seals the object with one immutable snapshot of chain and key, proves the seal, stores the whole object, and
   * proves what the server says that it stored.
   *
   * @throws FeaturesealError mutated, store-conflict, store-unavailable, store-refused, or the code of what is wrong with the SVID
   */
  async publish(object: unknown, svid: X509Svid, signal: AbortSignal): Promise<OwnSeal> {
    const { own, crypto } = this.#ports;
    const { cluster } = this.#settings;
    await this.#pause(signal);
    const stored = await own.read(signal);
    await this.#learn(stored, svid);

    const sealed = await signNodeFeature(object, { svid, cluster, now: new Date(this.#nextIat()), crypto });
    const seal = await this.#prove(sealed, svid);
    this.#newestIat = seal.iat;

    const answer = await this.#store(stored, sealed, signal);
    await this.#checkAnswer(answer, seal, svid);
    this.#last = seal;
    this.#lastSealed = sealed;
    return seal;
  }

  /**
   * Stores what was sealed last once more, unchanged, where something else stands. It needs no SVID: the mark on the Node
   * vouches for it even when its leaf has expired, so an outage of SPIRE leaves nobody's edit in place.
   *
   * @throws FeaturesealError mutated, store-conflict, store-unavailable, store-refused
   */
  async putBack(signal: AbortSignal): Promise<void> {
    if (this.#lastSealed === undefined) return;
    await this.#pause(signal);
    const stored = await this.#ports.own.read(signal);
    if (stored !== undefined && (await this.isOwnLast(stored))) return;
    const answer = await this.#store(stored, this.#lastSealed, signal);
    if (!(await this.isOwnLast(answer))) throw mutated();
  }

  async #store(stored: unknown, sealed: NodeFeature, signal: AbortSignal): Promise<unknown> {
    const { own, clock } = this.#ports;
    this.#lastWrite = clock.now();
    return stored === undefined ? own.create(sealed, signal) : own.replace(over(stored, sealed), signal);
  }

  /**
   * A fight over the object must not become a load on the API server. Before the read, not after it: what is read is
   * replaced at once, or whoever edits more often than that wins by conflicts.
   */
  async #pause(signal: AbortSignal): Promise<void> {
    const { clock } = this.#ports;
    const { writeIntervalMs } = this.#settings;
    await clock.sleep(Math.min(this.#lastWrite + writeIntervalMs - clock.now(), writeIntervalMs), signal);
    signal.throwIfAborted();
  }

  /** A seal of an earlier life of this worker: its time must never be undercut, or the next seal looks like a replay. */
  async #learn(stored: unknown, svid: X509Svid): Promise<void> {
    if (stored === undefined) return;
    try {
      const seal = await this.#prove(stored, svid);
      this.#newestIat = Math.max(this.#newestIat, seal.iat);
    } catch {
      // Somebody else's, edited or expired: nothing to learn from.
    }
  }

  /** Above every seal before. One from the future was made by a wrong clock, and no master ever accepted it. */
  #nextIat(): number {
    const now = this.#ports.clock.now();
    return this.#newestIat >= now + clockSkew ? now : Math.max(now, this.#newestIat + 1);
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
  const message =
    'the server stored something else than was sent; look for a mutating webhook or a trimmed CRD';
  return new FeaturesealError({ code: 'mutated', message, cause });
}
