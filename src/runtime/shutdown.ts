import { constants } from 'node:os';
import { FeaturesealError } from '../error.ts';

type StopSignal = 'SIGINT' | 'SIGTERM';
const stopSignals: readonly StopSignal[] = ['SIGINT', 'SIGTERM'];

/** The part of `process` that is needed. */
export interface SignalledProcess {
  on(event: StopSignal, listener: (signal: StopSignal) => void): unknown;
  off(event: StopSignal, listener: (signal: StopSignal) => void): unknown;
  exit(code: number): unknown;
}

export interface Shutdown {
  /** Aborts at the first SIGINT or SIGTERM. The second ends the process at once: its owner is impatient, or we hang. */
  readonly signal: AbortSignal;
  /** The signal that came, if one did. */
  readonly received: () => StopSignal | undefined;
  /** Leaves the signals to whoever comes next. */
  readonly dispose: () => void;
}

/** An AbortSignal that follows the process's signals. */
export function watchShutdown(process: SignalledProcess): Shutdown {
  const controller = new AbortController();
  let received: StopSignal | undefined;
  const listener = (signal: StopSignal): void => {
    if (received !== undefined) process.exit(signalExitCode(signal));
    received = signal;
    controller.abort(new FeaturesealError({ code: 'aborted', message: `stopped by ${signal}` }));
  };
  for (const name of stopSignals) process.on(name, listener);
  return {
    signal: controller.signal,
    received: () => received,
    dispose: () => {
      for (const name of stopSignals) process.off(name, listener);
    },
  };
}

/** The status that a shell gives a process ended by this signal: 130 for SIGINT, 143 for SIGTERM. */
export function signalExitCode(signal: NodeJS.Signals): number {
  return 128 + constants.signals[signal];
}
