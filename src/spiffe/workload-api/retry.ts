import { setTimeout as timer } from 'node:timers/promises';
import { status } from '@grpc/grpc-js';
import { FeaturesealError } from '../../error.ts';
import type { Endpoint } from './endpoint.ts';

/** The part of a clock that retries need; passed in, so that tests need not wait. */
export interface Sleeper {
  /** Resolves after `ms` milliseconds, or at once when `signal` aborts; never rejects. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
}

export const systemSleeper: Sleeper = {
  sleep: (ms, signal) => timer(ms, undefined, { signal }).catch(() => undefined),
};

/** How a call ended, as gRPC tells it. */
export interface CallEnd {
  readonly code: status;
  readonly details: string;
}

const longestDelaySeconds = 30;

/** Milliseconds to wait before the next attempt after `failures` failures in a row: 1 s, 2 s, 3 s ... 30 s. */
export function retryDelayMs(failures: number): number {
  return Math.min(failures, longestDelaySeconds) * 1000;
}

/**
 * What the end of a call means (SPIFFE Workload Endpoint section 6 and appendix A):
 * `workload-api-refused` is final, `workload-api-denied` and `workload-api-unavailable` are tried again.
 * CANCELLED is final only for who cancelled; from a server it is an end like any other.
 */
export function callFailure(end: CallEnd, { address }: Endpoint): FeaturesealError {
  const said = `${status[end.code] ?? end.code}: ${printable(end.details)}`;
  switch (end.code) {
    case status.INVALID_ARGUMENT:
    case status.UNIMPLEMENTED:
      return new FeaturesealError({
        code: 'workload-api-refused',
        message: `${address} refuses the request for good (${said}); is it a SPIFFE Workload API?`,
      });
    case status.PERMISSION_DENIED:
      return new FeaturesealError({
        code: 'workload-api-denied',
        message: `${address} gives this process no identity (${said}); is it registered with the identity provider?`,
      });
    default:
      return new FeaturesealError({
        code: 'workload-api-unavailable',
        message: `${address} cannot be used now (${said}); is the SPIFFE agent running, and its socket mounted here?`,
      });
  }
}

/** True for failures of a call after which another attempt makes sense. */
export function isRetryable(thrown: unknown): thrown is FeaturesealError {
  if (!(thrown instanceof FeaturesealError)) return false;
  return thrown.code === 'workload-api-denied' || thrown.code === 'workload-api-unavailable';
}

/** A server's own words, or the gRPC library's without its preamble, made safe for a terminal. */
function printable(text: string): string {
  const [, reason = text] =
    /^No connection established\. Last error: (?:Error: )?(.*?)\.? Resolution note: *$/.exec(text) ?? [];
  return reason.slice(0, 300).replace(/[^\x20-\x7e]/g, '?');
}
