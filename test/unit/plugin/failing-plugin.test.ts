import { describe, expect, test } from '@jest/globals';
import type { DiscoverContext } from '../../../src/plugin/contract.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { discover, fine, fineFlags, flagged, labelled, nothing, plugin } from './discovering.ts';

describe('a plugin that fails', () => {
  const cyclic: Record<string, unknown> = {};
  cyclic['self'] = cyclic;
  const many = (count: number, entry: (index: number) => readonly [string, unknown]) =>
    Object.fromEntries(Array.from({ length: count }, (_, index) => entry(index)));

  test.each<[string, (context: DiscoverContext) => unknown, string, RegExp]>([
    [
      'throws',
      () => {
        throw new Error('no bus');
      },
      'plugin-failed',
      /plugin bad: no bus$/,
    ],
    [
      'rejects with what is no error',
      // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- a plugin may
      () => Promise.reject('no bus'),
      'plugin-failed',
      /plugin bad: no bus$/,
    ],
    ['rejects', () => Promise.reject(new Error('no bus')), 'plugin-failed', /plugin bad: no bus$/],
    ['returns nothing', () => undefined, 'plugin-failed', /must return \{ features, labels \}/],
    ['returns a text', () => '{}', 'plugin-failed', /must return \{ features, labels \}/],
    ['returns a cycle', () => cyclic, 'plugin-failed', /is not JSON/],
    [
      'returns a number for a text',
      () => labelled({ count: 2 }),
      'plugin-failed',
      /spec\.labels\.count: must be a string/,
    ],
    ['returns a lone surrogate', () => labelled({ a: '\ud800' }), 'plugin-failed', /not well-formed/],
    [
      'returns an unknown member',
      () => ({ ...nothing, label: {} }),
      'plugin-failed',
      /unknown field "label"/,
    ],
    [
      'returns flags with values',
      () => ({ ...nothing, features: { flags: { a: { elements: { B: 'x' } } } } }),
      'plugin-failed',
      /must be an object/,
    ],
    [
      'returns a getter that throws',
      () => ({
        get features(): never {
          throw new Error('trap');
        },
      }),
      'plugin-failed',
      /cannot be read: trap/,
    ],
    [
      'ends at no time',
      () => ({ ...nothing, validUntil: 'soon' }),
      'plugin-failed',
      /validUntil is not a valid Date/,
    ],
    [
      'ends at a time that is none',
      () => ({ ...nothing, validUntil: new Date(NaN) }),
      'plugin-failed',
      /validUntil is not a valid Date/,
    ],
    [
      'returns too many bytes',
      () => labelled({ a: 'x'.repeat(800_000) }),
      'plugin-too-large',
      /800\d\d\d bytes, at most 786432/,
    ],
    [
      'returns far too many bytes',
      () => labelled({ a: 'x'.repeat(5_000_000) }),
      'plugin-too-large',
      /at most/,
    ],
    [
      'returns too many labels',
      () => labelled(many(1001, (i) => [`l${String(i)}`, 'x'])),
      'plugin-too-large',
      /1001 labels, at most 1000/,
    ],
    [
      'returns too many features',
      () => ({ ...nothing, features: { flags: many(65, (i) => [`f${String(i)}`, { elements: {} }]) } }),
      'plugin-too-large',
      /65 features, at most 64/,
    ],
    [
      'returns too many elements',
      () => flagged('f', ...Array.from({ length: 20_001 }, (_, i) => String(i))),
      'plugin-too-large',
      /20001 elements, at most 20000/,
    ],
  ])('%s: it is named with its reason, and the others count', async (_, act, code, message) => {
    const { result, lines } = discover([plugin('bad', act), fine]);
    const { discovery, failures, durations } = await result;
    expect(discovery).toEqual({ ...nothing, features: { ...nothing.features, flags: fineFlags } });
    expect(failures).toMatchObject([{ plugin: 'bad', error: { code } }]);
    expect(failures[0]?.error.message).toMatch(message);
    expect(lines).toMatchObject([
      { level: 'warn', message: 'plugin failed', fields: { plugin: 'bad', code } },
    ]);
    expect([...durations.keys()]).toEqual(['bad', 'fine']);
  });

  test('hangs: it is abandoned at the deadline, told by its signal, and the others count', async () => {
    const clock = new ManualClock();
    const signals: AbortSignal[] = [];
    const hanging = plugin('hanging', ({ signal }) => {
      signals.push(signal);
      return new Promise(() => undefined);
    });
    const { result } = discover([hanging, fine], { clock });
    await clock.sleeping(5000);
    expect(signals[0]?.aborted).toBe(false);
    clock.advance(5000);
    const { discovery, failures } = await result;
    expect(discovery.features.flags).toEqual(fineFlags);
    expect(failures).toMatchObject([{ plugin: 'hanging', error: { code: 'plugin-timeout' } }]);
    expect(failures[0]?.error.message).toMatch(/plugin hanging: it did not answer within 5000 ms/);
    expect(signals[0]?.aborted).toBe(true);
  });

  test('does not keep what does not fit beside the others', async () => {
    const big = (name: string) =>
      plugin(name, () => labelled({ [`example.com/${name}`]: 'x'.repeat(700_000) }));
    const { failures, discovery } = await discover([big('a'), big('b'), fine]).result;
    expect(failures).toMatchObject([{ plugin: 'b', error: { code: 'plugin-too-large' } }]);
    expect(discovery.features.flags).toEqual(fineFlags);
  });
});
