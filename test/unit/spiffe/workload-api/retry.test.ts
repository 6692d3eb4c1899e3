import { describe, expect, test } from '@jest/globals';
import { status } from '@grpc/grpc-js';
import { FeaturesealError } from '../../../../src/error.ts';
import { callFailure, isRetryable, retryDelayMs } from '../../../../src/spiffe/workload-api/retry.ts';

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

  test('other errors are defects and not tried again', () => {
    expect(isRetryable(new Error('x'))).toBe(false);
    expect(isRetryable(new FeaturesealError({ code: 'workload-api-malformed', message: 'x' }))).toBe(false);
  });
});

test('attempts are 1 s, 2 s, 3 s apart and never more than 30 s', () => {
  expect([1, 2, 3, 29, 30, 31, 10_000].map(retryDelayMs)).toEqual([
    1000, 2000, 3000, 29_000, 30_000, 30_000, 30_000,
  ]);
});
