import { asFeaturesealError, FeaturesealError } from '../../error.ts';

export type Follow<T> = (
  onUpdate: (value: T | undefined) => void,
  onError: (error: FeaturesealError) => void,
  signal: AbortSignal,
) => Promise<void>;

const never = new AbortController().signal;

/**
 * Holds the newest value of something that changes by itself. A listener is called after changes, never during one:
 * several in a row may be told as one, the last is always told.
 */
export class Subscription<T> {
  /** Resolves when following ended: with nothing after close, with the error when it cannot go on. */
  readonly ended: Promise<FeaturesealError | undefined>;
  readonly #stop = new AbortController();
  readonly #listeners = new Set<() => void>();
  #value: T | undefined;
  #lastError: FeaturesealError | undefined;
  #finished = false;
  #telling = false;

  constructor(follow: Follow<T>) {
    this.ended = this.#run(follow);
  }

  current(): T | undefined {
    return this.#value;
  }

  /** What went wrong since the last good message; undefined when all is well. */
  lastError(): FeaturesealError | undefined {
    return this.#lastError;
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Resolves once there is a value. Rejects when there will be none, or with `aborted`, saying what was missing. */
  async ready(signal: AbortSignal = never): Promise<void> {
    while (this.#value === undefined) {
      if (signal.aborted || this.#finished) throw this.#notReady();
      await this.#nextChange(signal);
    }
  }

  close(): void {
    this.#stop.abort();
  }

  async #run(follow: Follow<T>): Promise<FeaturesealError | undefined> {
    const { signal } = this.#stop;
    try {
      await follow(
        (value) => this.#update(value),
        (error) => this.#fail(error),
        signal,
      );
      return undefined;
    } catch (thrown) {
      const error = asFeaturesealError(thrown, 'internal', 'following the Workload API failed');
      this.#fail(error);
      return error;
    } finally {
      this.#finished = true;
      this.#tell();
    }
  }

  #update(value: T | undefined): void {
    this.#value = value;
    this.#lastError = undefined;
    this.#tell();
  }

  #fail(error: FeaturesealError): void {
    this.#lastError = error;
  }

  #tell(): void {
    if (this.#telling) return;
    this.#telling = true;
    queueMicrotask(() => {
      this.#telling = false;
      for (const listener of [...this.#listeners]) listener();
    });
  }

  #nextChange(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        stopListening();
        signal.removeEventListener('abort', done);
        resolve();
      };
      const stopListening = this.onChange(done);
      signal.addEventListener('abort', done, { once: true });
    });
  }

  #notReady(): FeaturesealError {
    const cause = this.#lastError;
    if (this.#finished && cause !== undefined) return cause;
    const missing = cause === undefined ? 'nothing arrived yet' : cause.message;
    return new FeaturesealError({
      code: 'aborted',
      message: `stopped while waiting for the Workload API: ${missing}`,
      cause,
    });
  }
}

/** The source itself once it has a value; closed where it gets none. */
export async function whenReady<S extends Pick<Subscription<unknown>, 'ready' | 'close'>>(
  source: S,
  signal?: AbortSignal,
): Promise<S> {
  try {
    await source.ready(signal);
    return source;
  } catch (thrown) {
    source.close();
    throw thrown;
  }
}
