import { asFeaturesealError, type FeaturesealError } from '../error.ts';
import type { Clock } from '../port/clock.ts';
import type { Leadership } from '../port/leadership.ts';
import type { ApiClient } from './api-client.ts';
import { LeaseObject, microTime, type CallLimits, type LeaseRecord, type StoredLease } from './lease.ts';

/** Milliseconds; the numbers of all Kubernetes components. */
const leaseTimes = {
  /** A lease that nobody renewed for so long is free. */
  duration: 15_000,
  /** A leader that could not renew for so long writes no more: five seconds before anybody else may. */
  renewDeadline: 10_000,
  /** Between two attempts. */
  retry: 2_000,
  /** Of one call. */
  call: 5_000,
};

export interface LeaseLeadershipOptions {
  readonly api: ApiClient;
  readonly namespace: string;
  readonly name: string;
  /** This process, and no other one ever: host name and a UUID. */
  readonly identity: string;
  readonly clock: Clock;
  /** From 0 to below 1. */
  readonly random: () => number;
  readonly onProblem?: (problem: FeaturesealError) => void;
}

/**
 * Leadership by a Lease. Whether somebody else's lease is over is measured by this process's own clock since the last
 * change that it saw, so clocks need not agree. A write that was under way when the lease was lost is stopped by its
 * own preconditions.
 */
export class LeaseLeadership implements Leadership {
  readonly #options: LeaseLeadershipOptions;
  readonly #lease: LeaseObject;
  readonly #listeners = new Set<() => void>();
  #seen: StoredLease | undefined;
  /** When the lease as seen was seen first. */
  #seenAt = 0;
  /** Whether what was seen is what is stored, as far as this process can know: it wrote that itself. */
  #isCurrent = false;
  /** When the call that renewed the lease last was begun. */
  #renewedAt = -Infinity;
  #told = false;

  constructor(options: LeaseLeadershipOptions) {
    this.#options = options;
    this.#lease = new LeaseObject(options);
  }

  /** By the clock at this very moment: a process that was suspended does not believe in an old lease. */
  isLeader(): boolean {
    return this.#leftMs() > 0;
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Who leads as far as this process knows; empty where nobody does. */
  holder(): string {
    return this.#seen?.record.holder ?? '';
  }

  /** Strives for the lease and keeps it until `signal` aborts; then gives it back, so that the next one need not wait. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, random, onProblem } = this.#options;
    while (!signal.aborted) {
      try {
        await this.#acquireOrRenew(signal);
      } catch (thrown) {
        this.#isCurrent = false;
        if (signal.aborted) break;
        const problem = asFeaturesealError(thrown, 'internal', 'the lease could not be renewed');
        // Somebody was faster: that is what a lease is for.
        if (problem.code !== 'store-conflict') onProblem?.(problem);
      }
      this.#tell();
      const pause = leaseTimes.retry * (1 + 0.2 * random());
      await clock.sleep(this.isLeader() ? Math.min(pause, this.#leftMs()) : pause, signal);
      this.#tell();
    }
    await this.#release();
  }

  async #acquireOrRenew(signal: AbortSignal): Promise<void> {
    const { clock, identity } = this.#options;
    const began = clock.now();
    // A leader renews what it wrote itself; anybody else looks first.
    if (!this.#isCurrent) this.#see(await this.#lease.read(this.#limits(signal)));
    const seen = this.#seen;
    if (seen !== undefined && !this.#isFree(seen.record)) {
      this.#renewedAt = -Infinity;
      return;
    }
    const isRenewal = seen?.record.holder === identity;
    const now = microTime(clock.now());
    const record: LeaseRecord = {
      holder: identity,
      durationMs: leaseTimes.duration,
      transitions: (seen?.record.transitions ?? -1) + (isRenewal ? 0 : 1),
      acquired: isRenewal ? seen.record.acquired : now,
      renewed: now,
    };
    this.#see(await this.#lease.write(record, seen, this.#limits(signal)));
    this.#isCurrent = true;
    // From before the call: others count from when the server stored it, which is later.
    this.#renewedAt = began;
  }

  /** No call of a leader outlasts its leadership, so that its end is noticed at once. */
  #limits(signal: AbortSignal): CallLimits {
    const timeoutMs = this.isLeader() ? Math.min(leaseTimes.call, this.#leftMs()) : leaseTimes.call;
    return { signal, timeoutMs };
  }

  #leftMs(): number {
    return this.#renewedAt + leaseTimes.renewDeadline - this.#options.clock.now();
  }

  #see(stored: StoredLease | undefined): void {
    if (stored?.resourceVersion !== this.#seen?.resourceVersion) this.#seenAt = this.#options.clock.now();
    this.#seen = stored;
  }

  #isFree({ holder, durationMs }: LeaseRecord): boolean {
    if (holder === '' || holder === this.#options.identity) return true;
    return this.#options.clock.now() - this.#seenAt >= durationMs;
  }

  #tell(): void {
    const isLeader = this.isLeader();
    if (isLeader === this.#told) return;
    this.#told = isLeader;
    for (const listener of [...this.#listeners]) listener();
  }

  async #release(): Promise<void> {
    const seen = this.#seen;
    const wasLeader = this.isLeader();
    const limits = { signal: new AbortController().signal, timeoutMs: leaseTimes.call };
    this.#renewedAt = -Infinity;
    this.#tell();
    if (!wasLeader || seen?.record.holder !== this.#options.identity) return;
    try {
      await this.#lease.write({ ...seen.record, holder: '' }, seen, limits);
    } catch {
      // It ends by itself.
    }
  }
}
