import { describe, expect, test } from '@jest/globals';
import { systemClock } from '../../../src/runtime/clock.ts';

const never = new AbortController().signal;

describe('systemClock', () => {
  test('sleep resolves after its time', async () => {
    await expect(systemClock.sleep(1, never)).resolves.toBeUndefined();
  });

  test('sleep resolves when the signal aborts, however long it had to go', async () => {
    const controller = new AbortController();
    const asleep = systemClock.sleep(Number.MAX_SAFE_INTEGER, controller.signal);
    controller.abort();
    await expect(asleep).resolves.toBeUndefined();
  });

  test('sleep resolves at once under an aborted signal', async () => {
    await expect(systemClock.sleep(Number.MAX_SAFE_INTEGER, AbortSignal.abort())).resolves.toBeUndefined();
  });
});
