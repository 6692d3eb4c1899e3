import { EventEmitter } from 'node:events';
import { describe, expect, test } from '@jest/globals';
import { signalExitCode, watchShutdown } from '../../../src/runtime/shutdown.ts';

/** A process that notes how it was told to end. */
class SignalledProcess extends EventEmitter {
  readonly exits: number[] = [];
  exit(code: number): void {
    this.exits.push(code);
  }
}

describe('watchShutdown', () => {
  test.each(['SIGINT', 'SIGTERM'] as const)(
    '%s aborts, and the process goes on to end in order',
    (signal) => {
      const process = new SignalledProcess();
      const shutdown = watchShutdown(process);
      process.emit(signal, signal);
      expect(shutdown.received()).toBe(signal);
      expect(shutdown.signal.reason).toMatchObject({
        code: 'aborted',
        message: `[aborted] stopped by ${signal}`,
      });
      expect(process.exits).toEqual([]);
    },
  );

  test('a second signal ends the process at once', () => {
    const process = new SignalledProcess();
    watchShutdown(process);
    process.emit('SIGTERM', 'SIGTERM');
    process.emit('SIGINT', 'SIGINT');
    expect(process.exits).toEqual([130]);
  });

  test('nothing is aborted before a signal comes', () => {
    const shutdown = watchShutdown(new SignalledProcess());
    expect(shutdown.signal.aborted).toBe(false);
    expect(shutdown.received()).toBeUndefined();
  });

  test('dispose leaves the signals alone', () => {
    const process = new SignalledProcess();
    watchShutdown(process).dispose();
    expect(process.listenerCount('SIGINT') + process.listenerCount('SIGTERM')).toBe(0);
  });
});

test.each([
  ['SIGINT', 130],
  ['SIGPIPE', 141],
  ['SIGTERM', 143],
] as const)('the exit status of %s is %d', (signal, status) => {
  expect(signalExitCode(signal)).toBe(status);
});
