import type { Crypto } from '../crypto.ts';
import type { Clock } from '../port/clock.ts';

/** What a command has of the outside world; passed in, so that tests run commands without a process. */
export interface CliContext {
  /** Writes to standard output: results only. */
  readonly out: (text: string) => void;
  /** Writes to standard error: progress and messages. */
  readonly err: (text: string) => void;
  readonly input: AsyncIterable<Uint8Array | string>;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** A person watches: standard error is a terminal. Progress is shown only then. */
  readonly watched: boolean;
  /** Colour and bold are welcome on standard output (a terminal, and NO_COLOR unset). */
  readonly colour: boolean;
  /** Aborts on SIGINT and SIGTERM. */
  readonly signal: AbortSignal;
  readonly clock: Clock;
  readonly crypto: Crypto;
  /** Sets the exit status for a command that ends well but has a verdict: 1 refused. */
  readonly setExitCode: (code: number) => void;
}
