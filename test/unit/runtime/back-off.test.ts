import { describe, expect, test } from '@jest/globals';
import type { Clock } from '../../../src/port/clock.ts';
import { createBackOff } from '../../../src/runtime/back-off.ts';

const { signal } = new AbortController();

function recordingClock(): { readonly clock: Clock; readonly slept: number[] } {
  const slept: number[] = [];
  return { slept, clock: { now: () => 0, sleep: async (ms) => void slept.push(ms) } };
}

describe('createBackOff', () => {
  test('doubles up to its cap and stays there', async () => {
    const { clock, slept } = recordingClock();
    const backOff = createBackOff({ clock, random: () => 1, firstMs: 100, maxMs: 500 });
    for (let i = 0; i < 5; i++) await backOff.wait(signal);
    expect(slept).toEqual([100, 200, 400, 500, 500]);
  });

  test('takes half of the time at least', async () => {
    const { clock, slept } = recordingClock();
    const backOff = createBackOff({ clock, random: () => 0, firstMs: 100, maxMs: 500 });
    await backOff.wait(signal);
    await backOff.wait(signal);
    expect(slept).toEqual([50, 100]);
  });

  test('starts anew after a success', async () => {
    const { clock, slept } = recordingClock();
    const backOff = createBackOff({ clock, random: () => 1, firstMs: 100, maxMs: 500 });
    await backOff.wait(signal);
    await backOff.wait(signal);
    backOff.reset();
    await backOff.wait(signal);
    expect(slept).toEqual([100, 200, 100]);
  });

  test('never waits longer than its cap, even the first time', async () => {
    const { clock, slept } = recordingClock();
    await createBackOff({ clock, random: () => 1, firstMs: 900, maxMs: 500 }).wait(signal);
    expect(slept).toEqual([500]);
  });
});
