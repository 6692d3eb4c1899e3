import type { SealReason, WorkerPorts } from './ports.ts';
import type { WorkerSettings } from './settings.ts';

const firstRetryMs = 1_000;
const longestRetryMs = 60_000;

type Ports = Pick<WorkerPorts, 'clock' | 'random'>;
type Settings = Pick<WorkerSettings, 'discoverIntervalMs' | 'resignIntervalMs' | 'writeIntervalMs'>;

/** When a worker looks at its host next, when it seals next, and why. */
export class Schedule {
  readonly #ports: Ports;
  readonly #settings: Settings;
  #discoverAt = 0;
  #lastDiscovery = -Infinity;
  #due: { readonly reason: SealReason; readonly at: number } | undefined;
  #failures = 0;
  /** After a failure nothing is written before, whatever happens: a server that alters what it stores is not fought. */
  #retryAt = 0;
  #lastTurn = 0;

  constructor(ports: Ports, settings: Settings) {
    this.#ports = ports;
    this.#settings = settings;
  }

  /** Milliseconds until something is due. */
  get pauseMs(): number {
    return Math.max(0, Math.min(this.#discoverAt, this.#due?.at ?? Infinity) - this.#now);
  }

  get isDiscoveryDue(): boolean {
    return this.#now >= this.#discoverAt;
  }

  /** Why a seal is due, now or later. */
  get reason(): SealReason | undefined {
    return this.#due?.reason;
  }

  /** Why a seal is due now; undefined where none is. */
  get sealDue(): SealReason | undefined {
    return this.#due !== undefined && this.#now >= this.#due.at ? this.#due.reason : undefined;
  }

  /** A clock that ran ahead and was put right must not keep the worker waiting for the wrong time to come again. */
  followClock(): void {
    const now = this.#now;
    if (now < this.#lastTurn) {
      this.#discoverAt = now;
      this.#lastDiscovery = -Infinity;
      this.#retryAt = 0;
      this.#due = { reason: this.#due?.reason ?? 'seal-aged', at: now };
    }
    this.#lastTurn = now;
  }

  /** A discovery begins. Jitter of a tenth: workers that started together drift apart. */
  discovering(): void {
    this.#lastDiscovery = this.#now;
    this.#discoverAt = this.#now + this.#settings.discoverIntervalMs * (0.95 + 0.1 * this.#ports.random());
  }

  /** The next discovery is not after `moment`, and not sooner after the last one than the object may be written. */
  discoverBy(moment: number): void {
    const soonest = this.#lastDiscovery + this.#settings.writeIntervalMs;
    this.#discoverAt = Math.min(this.#discoverAt, Math.max(moment, soonest));
  }

  /** As soon as may be: the sources changed. Many changes at once are one discovery. */
  discoverSoon(): void {
    this.discoverBy(this.#lastDiscovery);
  }

  /** A seal is due in `ms` milliseconds, unless one is due earlier. */
  seal(reason: SealReason, ms = 0): void {
    const at = Math.max(this.#now + ms, this.#retryAt);
    if (this.#due === undefined || at < this.#due.at) this.#due = { reason, at };
  }

  /** The seal that was due is stored; it has to be made anew before it gets old. */
  sealed(): void {
    this.#failures = 0;
    this.#retryAt = 0;
    this.#due = undefined;
    this.seal('seal-aged', this.#settings.resignIntervalMs * (0.9 + 0.1 * this.#ports.random()));
  }

  /** What was due for this reason failed. */
  failed(reason: SealReason): void {
    this.#retryAt = this.#now + this.backOff();
    this.#due = { reason, at: this.#retryAt };
  }

  /** There is nothing to seal with; `soon` where that may be over in a moment. */
  waiting(reason: SealReason, soon: boolean): void {
    this.#due = { reason, at: this.#now + (soon ? firstRetryMs : longestRetryMs) };
  }

  /** Milliseconds. Doubles with each failure, with jitter, up to a minute; for ever. */
  backOff(): number {
    const pause = Math.min(firstRetryMs * 2 ** this.#failures++, longestRetryMs);
    return pause * (0.5 + 0.5 * this.#ports.random());
  }

  get #now(): number {
    return this.#ports.clock.now();
  }
}
