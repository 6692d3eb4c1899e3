import { describe, expect, test } from '@jest/globals';
import type { AcceptedSeal } from '../../../src/seal/freshness.ts';
import {
  emptyMark,
  fitsMark,
  markAnnotation,
  readMark,
  writeMark,
  type Mark,
} from '../../../src/seal/mark.ts';
import { parsePolicy } from '../../../src/seal/policy.ts';
import { day, noon, workerId } from '../../support/sealing.ts';

const context = { uid: 'uid-1', now: noon, maxAge: day };
const seal: AcceptedSeal = { iat: noon, digest: 'd'.repeat(43), signer: workerId() };
const mark = (entries: Record<`${string}/${string}`, AcceptedSeal>): Mark => ({
  objects: new Map(Object.entries(entries) as [`${string}/${string}`, AcceptedSeal][]),
});
const text = (objects: unknown, uid: unknown = 'uid-1') => JSON.stringify({ uid, objects });

describe('the mark', () => {
  test('stands in the annotation that masters of other versions read', () => {
    expect(markAnnotation).toBe('featureseal.io/accepted');
  });

  test('comes back as it was written, sorted', () => {
    const written = writeMark('uid-1', mark({ 'vendor/a': { iat: 1, signer: 'x' }, 'featureseal/a': seal }));
    expect(written).toBe(
      `{"uid":"uid-1","objects":{"featureseal/a":{"iat":${noon},"digest":"${seal.digest}","signer":"${seal.signer}"},"vendor/a":{"iat":1,"signer":"x"}}}`,
    );
    expect(readMark(written, context)).toEqual({
      mark: mark({ 'featureseal/a': seal, 'vendor/a': { iat: 1, signer: 'x' } }),
    });
  });

  test('remembers 16 objects, each by its whole name', () => {
    const keys = Array.from({ length: 16 }, (_, index) => `namespace-${index + 10}/node-a.example`);
    const written = writeMark('uid-1', mark(Object.fromEntries(keys.map((key) => [key, seal]))));
    const { mark: read, problem } = readMark(written, context);
    expect([...read.objects.keys()]).toEqual(keys);
    expect(problem).toBeUndefined();
  });

  test('is read up to 16 KiB, and no further', () => {
    const short = text({ 'a/b': seal });
    const full = short + ' '.repeat(16 * 1024 - short.length);
    expect(readMark(full, context)).toEqual({ mark: mark({ 'a/b': seal }) });
    expect(readMark(`${full} `, context)).toEqual({ mark: emptyMark, problem: 'the mark cannot be read' });
  });

  test('is nothing where there is nothing to remember', () => {
    expect(writeMark('uid-1', emptyMark)).toBeUndefined();
    expect(readMark(undefined, context)).toEqual({ mark: emptyMark });
  });

  const unreadable = 'the mark cannot be read';
  test.each([
    [
      'of an earlier Node',
      text({ 'a/b': seal }, 'uid-0'),
      'the mark belongs to an earlier Node of this name',
    ],
    ['that is not JSON', '{', unreadable],
    ['that is empty', '', unreadable],
    ['that is null', 'null', unreadable],
    ['without uid', JSON.stringify({ objects: {} }), unreadable],
    ['with an unknown member', JSON.stringify({ uid: 'uid-1', objects: {}, mode: 'off' }), unreadable],
    ['with an unknown member of an entry', text({ 'a/b': { ...seal, trusted: true } }), unreadable],
    ['with a key that is no object', text({ ab: seal }), unreadable],
    ['with a key of three parts', text({ 'a/b/c': seal }), unreadable],
    ['with a list of objects', text([seal]), unreadable],
    ['with iat 0', text({ 'a/b': { ...seal, iat: 0 } }), unreadable],
    ['with iat -1', text({ 'a/b': { ...seal, iat: -1 } }), unreadable],
    ['with iat 1.5', text({ 'a/b': { ...seal, iat: 1.5 } }), unreadable],
    ['with iat 2^53', text({ 'a/b': { ...seal, iat: 2 ** 53 } }), unreadable],
    ['with iat as text', text({ 'a/b': { ...seal, iat: '5' } }), unreadable],
    ['with iat null', text({ 'a/b': { ...seal, iat: null } }), unreadable],
    ['without signer', text({ 'a/b': { iat: 5 } }), unreadable],
    ['with a digest of 65 characters', text({ 'a/b': { ...seal, digest: 'd'.repeat(65) } }), unreadable],
    ['of more than 16 KiB', text({ 'a/b': seal }) + ' '.repeat(16 * 1024), unreadable],
    ['nested 100,000 deep', '['.repeat(100_000), unreadable],
    [
      'of 17 objects',
      text(
        Object.fromEntries(Array.from({ length: 17 }, (_, index) => [`n${index}/a`, { iat: 1, signer: '' }])),
      ),
      'the mark names more than 16 objects',
    ],
  ])('%s counts as absent', (_, annotation, problem) => {
    expect(readMark(annotation, context)).toEqual({ mark: emptyMark, problem });
  });

  test('an entry more than maxAge ahead counts as absent, the others stay', () => {
    const far = { ...seal, iat: noon + day + 1 };
    const edge = { ...seal, iat: noon + day };
    expect(readMark(text({ 'a/b': far, 'c/d': edge }), context)).toEqual({
      mark: mark({ 'c/d': edge }),
      problem: 'the mark holds a time far in the future',
    });
  });
});

describe('a policy fits the mark', () => {
  const node = 'n'.repeat(63);
  const uid = '5f0c1f0e-8c1b-4a55-9d1c-0d6c9f6c7a01';
  const idOf = (path: string) => `spiffe://example.org/${path}/{cluster}/{node}`;
  const fill = (id: string) => id.replace('{cluster}', 'demo').replace('{node}', node);
  const policyOf = (path: string) =>
    parsePolicy({
      cluster: 'demo',
      signers: [
        { name: 'a', namespace: 'first', spiffeIDs: [idOf('s'), idOf('x'.repeat(1900)), idOf('s')] },
        ...Array.from({ length: 13 }, (_, index) => ({
          name: String(index),
          namespace: `namespace-${index}`,
          spiffeIDs: [idOf('w'.repeat(750)), idOf('s')],
        })),
        { name: 'z', namespace: 'last', spiffeIDs: [idOf(path)] },
      ],
    });
  /** The mark that a Node would carry whose objects are all accepted, each with the longest ID of its signer. */
  const markOf = (path: string): string => {
    const entry = (id: string) => ({
      iat: Number.MAX_SAFE_INTEGER,
      digest: 'd'.repeat(43),
      signer: fill(id),
    });
    const others = new Map(
      Array.from({ length: 13 }, (_, index) => [`namespace-${index}/${node}`, entry(idOf('w'.repeat(750)))]),
    );
    const objects = { [`first/${node}`]: entry(idOf('x'.repeat(1900))), ...Object.fromEntries(others) };
    return text({ ...objects, [`last/${node}`]: entry(idOf(path)) }, uid);
  };

  test('as long as a Node with the longest name could carry the mark of all its signers, to the character', () => {
    const longest = 'y'.repeat(1 + 16 * 1024 - markOf('y').length);
    expect(readMark(markOf(longest), { ...context, uid, now: Number.MAX_SAFE_INTEGER })).not.toHaveProperty(
      'problem',
    );
    expect(fitsMark(policyOf(longest))).toBe(true);

    expect(readMark(markOf(`${longest}y`), context)).toMatchObject({ problem: 'the mark cannot be read' });
    expect(fitsMark(policyOf(`${longest}y`))).toBe(false);
  });

  test('where it names no signers', () => {
    expect(fitsMark(parsePolicy({ cluster: 'demo', mode: 'off' }))).toBe(true);
  });
});
