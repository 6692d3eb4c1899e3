import { asFeaturesealError, type FeaturesealError } from '../../error.ts';
import { isRetryable, retryDelayMs, type Sleeper } from './retry.ts';

export interface Watch<T> {
  /** Opens a stream of raw messages; ends it when the signal aborts. */
  readonly open: (signal: AbortSignal) => AsyncIterable<Buffer>;
  readonly parse: (message: Buffer) => T | Promise<T>;
  /** What is left when everything is taken back. */
  readonly nothing: T;
  readonly onUpdate: (value: T) => void;
  /** Told of everything that goes wrong, also of what is tried again. */
  readonly onError: (error: FeaturesealError) => void;
  readonly clock: Sleeper;
  readonly signal: AbortSignal;
}

/**
 * Follows a stream of full-state messages for ever, across restarts of the server.
 * Returns when `signal` aborts; throws when the server refuses for good.
 */
export async function watchMessages<T>(watch: Watch<T>): Promise<void> {
  const { open, parse, nothing, onUpdate, onError, clock, signal } = watch;
  let failures = 0;
  let holding = false;
  while (!signal.aborted) {
    try {
      for await (const message of open(signal)) {
        const parsed = await attempt(parse, message);
        if (signal.aborted) return;
        if (!('value' in parsed)) {
          // Workload API section 4.5: report, discard the message, keep what an earlier one said.
          onError(parsed.error);
          continue;
        }
        failures = 0;
        holding = true;
        onUpdate(parsed.value);
      }
    } catch (thrown) {
      if (!isRetryable(thrown)) throw thrown;
      if (thrown.code === 'workload-api-denied' && holding) {
        // Section 5.2.1: PermissionDenied takes back all that was given.
        holding = false;
        onUpdate(nothing);
      }
      onError(thrown);
    }
    failures += 1;
    await clock.sleep(retryDelayMs(failures), signal);
  }
}

type Attempt<T> = { readonly value: T } | { readonly error: FeaturesealError };

async function attempt<T>(parse: (message: Buffer) => T | Promise<T>, message: Buffer): Promise<Attempt<T>> {
  try {
    return { value: await parse(message) };
  } catch (thrown) {
    return {
      error: asFeaturesealError(
        thrown,
        'workload-api-malformed',
        'a message of the Workload API is discarded',
      ),
    };
  }
}
