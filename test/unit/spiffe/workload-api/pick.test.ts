import { describe, expect, test } from '@jest/globals';
import type { X509Svid } from '../../../../src/spiffe/types.ts';
import { pickSvid, type SvidPick } from '../../../../src/spiffe/workload-api/pick.ts';

const svid = (name: string, hint = '') =>
  ({ spiffeId: `spiffe://example.org/${name}`, hint }) as unknown as X509Svid;
const svids = [svid('a'), svid('b', 'inside'), svid('c', 'outside'), svid('b')];
const id = (name: string) => `spiffe://example.org/${name}`;

describe('pickSvid', () => {
  test.each<[string, SvidPick, X509Svid]>([
    ['its SPIFFE ID', { spiffeId: id('a') }, svids[0]!],
    ['its hint', { hint: 'outside' }, svids[2]!],
    ['both', { spiffeId: id('b'), hint: 'inside' }, svids[1]!],
    ['an ID and no hint', { spiffeId: id('b'), hint: '' }, svids[3]!],
  ])('finds one by %s', (_, pick, expected) => {
    expect(pickSvid(svids, pick)).toBe(expected);
  });

  test('takes the only one where nothing is said', () => {
    expect(pickSvid([svids[2]!], {})).toBe(svids[2]);
  });

  test.each<[SvidPick, string]>([
    [{ spiffeId: id('x') }, 'no SVID matches spiffe://example.org/x; the Workload API gives'],
    [{ hint: 'x' }, 'no SVID matches hint "x"; the Workload API gives'],
    [
      { spiffeId: id('a'), hint: 'x' },
      'no SVID matches spiffe://example.org/a with hint "x"; the Workload API',
    ],
  ])('says of %j that nothing matches, and what there is', (pick, fault) => {
    const given = 'gives spiffe://example.org/a, spiffe://example.org/b (hint "inside")';
    expect(() => pickSvid(svids.slice(0, 2), pick)).toThrow(
      expect.objectContaining({ code: 'identity-absent', message: expect.stringContaining(fault) }),
    );
    expect(() => pickSvid(svids.slice(0, 2), pick)).toThrow(given);
  });

  test('says which ones match where several do, and no others', () => {
    expect(() => pickSvid(svids, { spiffeId: id('b') })).toThrow(
      expect.objectContaining({
        code: 'identity-ambiguous',
        message: expect.stringMatching(
          /: spiffe:\/\/example.org\/b \(hint "inside"\), spiffe:\/\/example.org\/b$/,
        ),
      }),
    );
  });
});
