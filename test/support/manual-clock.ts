import type { Clock } from '../../src/port/clock.ts';

interface Sleeper {
  readonly ms: number;
  readonly due: number;
  readonly wake: () => void;
}

/** A clock that stands until the test moves it. Nobody sleeps for real. */
export class ManualClock implements Clock {
  #now: number;
  readonly #sleepers = new Set<Sleeper>();
  #waiting: (() => void)[] = [];

  constructor(now = Date.parse('2026-06-01T12:00:00Z')) {
    this.#now = now;
  }

  now(): number {
    return this.#now;
  }

  sleep(ms: number, signal: AbortSignal): Promise<void> {
    if (signal.aborted || ms <= 0) return Promise.resolve();
    return new Promise((resolve) => {
      const sleeper: Sleeper = {
        ms,
        due: this.#now + ms,
        wake: () => {
          this.#sleepers.delete(sleeper);
          resolve();
        },
      };
      this.#sleepers.add(sleeper);
      signal.addEventListener('abort', sleeper.wake, { once: true });
      for (const tell of this.#waiting.splice(0)) tell();
    });
  }

  /** How many sleep now: a loop that sleeps has nothing else to do. */
  get asleep(): number {
    return this.#sleepers.size;
  }

  /** When the next one wakes; Infinity where nobody sleeps. */
  get nextDue(): number {
    return Math.min(...[...this.#sleepers].map(({ due }) => due));
  }

  /** Sets the time of day, as somebody who puts a clock right; nobody wakes. */
  set(now: number): void {
    this.#now = now;
  }

  /** Wakes everybody; the time of day stays: their timers ran on while the clock was put right. */
  ring(): void {
    for (const sleeper of [...this.#sleepers]) sleeper.wake();
  }

  /** Moves time forward and wakes whom it passes. */
  advance(ms: number): void {
    this.#now += ms;
    for (const sleeper of [...this.#sleepers]) if (sleeper.due <= this.#now) sleeper.wake();
  }

  /** Waits until somebody sleeps for exactly so long. */
  async sleeping(ms: number): Promise<Sleeper> {
    for (;;) {
      const found = [...this.#sleepers].find((sleeper) => sleeper.ms === ms);
      if (found !== undefined) return found;
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  /** Waits for such a sleeper and wakes it; the time of day stays. */
  async pass(ms: number): Promise<void> {
    (await this.sleeping(ms)).wake();
  }
}
