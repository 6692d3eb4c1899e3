import { describe, expect, test } from '@jest/globals';
import { durationText } from '../../../src/ttl/duration-text.ts';
import {
  caLeftMs,
  hourMs,
  longestSvidMs,
  rootAheadMs,
  servesTarget,
  svidLeftMs,
} from '../../../src/ttl/spire.ts';

// By hand from the rules in SPIRE's sources; hours.
describe('the arithmetic of SPIRE', () => {
  test.each([
    [24, 4],
    [168, 28],
    [1008, 168],
    // Never more than 7 days.
    [2000, 168],
  ])('a CA of %dh is sure to outlive SVIDs of %dh', (ca, svid) => {
    expect(longestSvidMs(ca * hourMs)).toBe(svid * hourMs);
  });

  test.each([
    [168, 84],
    [1440, 720],
    // Never more than 30 days.
    [8760, 720],
  ])('a CA of %dh has %dh left at worst', (ca, left) => {
    expect(caLeftMs(ca * hourMs)).toBe(left * hourMs);
  });

  test.each([
    [1, undefined, 0.45],
    [24, undefined, 10.8],
    [96, 72, 72],
    // 12 hours and the ten seconds of backdating.
    [36, 24, 24],
    // Not more than 12 hours longer: at half.
    [35, 24, 15.75],
    // The target is passed at half already.
    [96, 24, 43.2],
  ])('an SVID of %dh, target %s, has %dh left at worst', (svid, target, left) => {
    const targetMs = target === undefined ? undefined : target * hourMs;
    expect(svidLeftMs(svid * hourMs, targetMs)).toBeCloseTo(left * hourMs, 3);
  });

  test('a target is served by an SVID that lives twelve hours longer, not by one that lives less', () => {
    expect(servesTarget(168 * hourMs, 156 * hourMs)).toBe(true);
    expect(servesTarget(168 * hourMs, 157 * hourMs)).toBe(false);
  });

  test.each([
    [168, 56],
    [1008, 336],
    // 30 days less 7.
    [8760, 552],
  ])('with a CA of %dh a new root is known for %dh before anything is signed with it', (ca, ahead) => {
    expect(rootAheadMs(ca * hourMs)).toBe(ahead * hourMs);
  });
});

describe('durationText', () => {
  test.each([
    [96 * hourMs, '96h'],
    [0.45 * hourMs, '27m'],
    [10.8 * hourMs, '10h48m'],
    [3_690_000, '1h1m30s'],
    [1_999, '1s'],
    [0, '0s'],
  ])('%d ms is %s', (ms, text) => {
    expect(durationText(ms)).toBe(text);
  });
});
