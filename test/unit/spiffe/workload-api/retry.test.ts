import { describe, expect, test } from '@jest/globals';
import { status } from '@grpc/grpc-js';
import { FeaturesealError } from '../../../../src/error.ts';
import {
  callFailure,
  isRetryable,
  retryDelayMs,
  systemSleeper,
} from '../../../../src/spiffe/workload-api/retry.ts';

const endpoint = { address: 'unix:///a.sock', target: 'unix:///a.sock' };

describe('the end of a call', () => {
  test.each([
    ['INVALID_ARGUMENT', 'workload-api-refused', false],
    ['UNIMPLEMENTED', 'workload-api-refused', false],
    ['PERMISSION_DENIED', 'workload-api-denied', true],
    ['UNAVAILABLE', 'workload-api-unavailable', true],
    ['CANCELLED', 'workload-api-unavailable', true],
    ['UNKNOWN', 'workload-api-unavailable', true],
    ['RESOURCE_EXHAUSTED', 'workload-api-unavailable', true],
    ['UNAUTHENTICATED', 'workload-api-unavailable', true],
    ['OK', 'workload-api-unavailable', true],
  ] as const)('with %s is %s, tried again: %s', (name, code, retried) => {
    const failure = callFailure({ code: status[name], details: 'said so' }, endpoint);
    expect(failure.code).toBe(code);
    expect(failure.message).toContain(`unix:///a.sock`);
    expect(failure.message).toContain(`(${name}: said so)`);
    expect(isRetryable(failure)).toBe(retried);
  });

  test('shows what the server said without its control characters', () => {
    const { message } = callFailure({ code: status.UNKNOWN, details: 'a\u001b[2Jb\nc' }, endpoint);
    expect(message).toContain('a?[2Jb?c');
  });

  test('shows 300 characters of it', () => {
    const { message } = callFailure({ code: status.UNKNOWN, details: 'x'.repeat(1000) }, endpoint);
    expect(message).toContain(`UNKNOWN: ${'x'.repeat(300)});`);
  });

  test('shows a status that has no name by its number', () => {
    const { message } = callFailure({ code: 99 as status, details: 'odd' }, endpoint);
    expect(message).toContain('(99: odd)');
  });

  test.each([
    [
      'No connection established. Last error: Error: connect ENOENT /a.sock. Resolution note: ',
      'connect ENOENT /a.sock',
    ],
    [
      'No connection established. Last error: connect EACCES /a.sock Resolution note:',
      'connect EACCES /a.sock',
    ],
    [
      'It says: No connection established. Last error: x. Resolution note: ',
      'It says: No connection established. Last error: x. Resolution note: ',
    ],
    [
      'No connection established. Last error: x. Resolution note: and more',
      'No connection established. Last error: x. Resolution note: and more',
    ],
  ])('of %j shows what matters', (details, shown) => {
    expect(callFailure({ code: status.UNAVAILABLE, details }, endpoint).message).toContain(
      `(UNAVAILABLE: ${shown});`,
    );
  });

  test.each([
    ['UNIMPLEMENTED', 'is it a SPIFFE Workload API?'],
    ['PERMISSION_DENIED', 'is it registered with the identity provider?'],
    ['UNAVAILABLE', 'is the SPIFFE agent running, and its socket mounted here?'],
  ] as const)('with %s asks: %s', (name, question) => {
    expect(callFailure({ code: status[name], details: '' }, endpoint).message).toContain(question);
  });

  test('other errors are defects and not tried again', () => {
    expect(isRetryable(new Error('x'))).toBe(false);
    expect(isRetryable(null)).toBe(false);
    expect(isRetryable(new FeaturesealError({ code: 'workload-api-malformed', message: 'x' }))).toBe(false);
  });
});

test('attempts are 1 s, 2 s, 3 s apart and never more than 30 s', () => {
  expect([1, 2, 3, 29, 30, 31, 10_000].map(retryDelayMs)).toEqual([
    1000, 2000, 3000, 29_000, 30_000, 30_000, 30_000,
  ]);
});

describe('the clock of the system', () => {
  const { signal } = new AbortController();

  test('wakes after the time', async () => {
    let isAwake = false;
    const asleep = systemSleeper.sleep(1, signal).then(() => (isAwake = true));
    await Promise.resolve();
    expect(isAwake).toBe(false);
    expect(await asleep).toBe(true);
  });

  test('wakes at once, and does not complain, when it is stopped', async () => {
    const stop = new AbortController();
    const asleep = systemSleeper.sleep(2 ** 31 - 1, stop.signal);
    stop.abort();
    expect(await asleep).toBeUndefined();
    expect(await systemSleeper.sleep(2 ** 31 - 1, stop.signal)).toBeUndefined();
  });
});
