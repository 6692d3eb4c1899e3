import { describe, expect, test } from '@jest/globals';
import type { DiscoverContext } from '../../../src/plugin/contract.ts';
import { discoverAll, type DiscoverOptions } from '../../../src/plugin/discover.ts';
import type { LoadedPlugin } from '../../../src/plugin/load.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { recordingLog } from './recording-log.ts';

const plugin = (name: string, discover: (context: DiscoverContext) => unknown): LoadedPlugin => ({
  name,
  discover: async (context) => discover(context),
});
const nothing = { features: { flags: {}, attributes: {}, instances: {} }, labels: {} };
const labelled = (labels: unknown) => ({ ...nothing, labels });
const flagged = (feature: string, ...names: readonly string[]) => ({
  ...nothing,
  features: {
    ...nothing.features,
    flags: { [feature]: { elements: Object.fromEntries(names.map((name) => [name, {}])) } },
  },
});
const fine = plugin('fine', () => flagged('is', 'HERE'));
const fineFlags = { 'fine.is': { elements: { HERE: {} } } };

function discover(plugins: readonly LoadedPlugin[], options: Partial<DiscoverOptions> = {}) {
  const { log, lines } = recordingLog();
  const signal = new AbortController().signal;
  const result = discoverAll({
    plugins,
    hostRoot: '/',
    signal,
    log,
    clock: new ManualClock(),
    deadlineMs: 5000,
    ...options,
  });
  return { result, lines };
}

describe('discovery', () => {
  test('prefixes features and labels with the name of the plugin', async () => {
    const found = {
      features: {
        flags: { cpuid: { elements: { AVX: {} } } },
        attributes: { cpuid: { elements: { LEVEL: '1' } } },
        instances: { core: { elements: [{ attributes: { id: '0' } }] } },
      },
      labels: { AVX: 'true', 'gpu.example.com/count': '2' },
    };
    const { discovery } = await discover([plugin('cpu', () => found)]).result;
    expect(discovery).toEqual({
      features: {
        flags: { 'cpu.cpuid': { elements: { AVX: {} } } },
        attributes: { 'cpu.cpuid': { elements: { LEVEL: '1' } } },
        instances: { 'cpu.core': { elements: [{ attributes: { id: '0' } }] } },
      },
      labels: { 'feature.node.kubernetes.io/cpu-AVX': 'true', 'gpu.example.com/count': '2' },
    });
  });

  test('takes the later of two labels with one key, as the configuration has them, and says so', async () => {
    const a = plugin('a', () => labelled({ 'example.com/owner': 'a' }));
    const b = plugin('b', () => labelled({ 'example.com/owner': 'b' }));
    for (const [first, second] of [
      [a, b],
      [b, a],
    ] as const) {
      const { result, lines } = discover([first, second]);
      expect((await result).discovery.labels).toEqual({ 'example.com/owner': second.name });
      expect(lines).toEqual([
        {
          level: 'info',
          message: 'label replaced',
          fields: { plugin: second.name, label: 'example.com/owner', earlier: first.name },
        },
      ]);
    }
  });

  test('tells a plugin the node and the time', async () => {
    const clock = new ManualClock();
    const contexts: DiscoverContext[] = [];
    const curious = plugin('curious', (context) => {
      contexts.push(context);
      return nothing;
    });
    await discover([curious], { clock, nodeName: 'node-1' }).result;
    await discover([curious], { clock }).result;
    expect(contexts.map(({ nodeName, now }) => [nodeName, now.getTime()])).toEqual([
      ['node-1', clock.now()],
      [undefined, clock.now()],
    ]);
  });

  test('keeps a copy: what a plugin does with its own afterwards changes nothing', async () => {
    const own = flagged('is', 'HERE');
    const { discovery } = await discover([plugin('fine', () => own)]).result;
    own.features.flags['is'] = { elements: { CHANGED: {} } };
    expect(discovery.features.flags).toEqual(fineFlags);
  });

  test('is valid until the first moment at which a plugin would find something else', async () => {
    const until = (name: string, at: string) =>
      plugin(name, () => ({ ...nothing, validUntil: new Date(at) }));
    const [may, june] = ['2026-05-01T00:00:00Z', '2026-06-01T00:00:00Z'];
    const both = await discover([until('b', june), fine, until('a', may)]).result;
    expect(both.validUntil).toBe(Date.parse(may));
    expect(await discover([fine]).result).not.toHaveProperty('validUntil');
  });

  describe('of attributes that a plugin froze', () => {
    const withValues = (elements: unknown) => ({
      ...nothing,
      features: { ...nothing.features, attributes: { fixed: { elements }, other: { elements: { a: '1' } } } },
    });

    test('finds the same each time, checked once', async () => {
      let looks = 0;
      const elements = Object.freeze(
        Object.fromEntries([
          ['__proto__', 'x'],
          ['b', 'y'],
        ]),
      );
      const watched = new Proxy(elements, {
        ownKeys: (target) => {
          looks += 1;
          return Reflect.ownKeys(target);
        },
      });
      const keeper = plugin('keeper', () => withValues(watched));
      const first = await discover([keeper]).result;
      const looksOfFirst = looks;
      const second = await discover([keeper]).result;
      expect(second.discovery).toEqual(first.discovery);
      expect(second.discovery.features.attributes['keeper.fixed']).toEqual({ elements });
      expect(looksOfFirst).toBeGreaterThan(0);
      expect(looks).toBe(looksOfFirst);
    });

    test('looks again where they are others, or not frozen', async () => {
      let elements: Record<string, string> = Object.freeze({ a: '1' });
      const keeper = plugin('keeper', () => withValues(elements));
      const found = async () =>
        (await discover([keeper]).result).discovery.features.attributes['keeper.fixed']?.elements;
      expect(await found()).toEqual({ a: '1' });
      elements = { a: '2' };
      expect(await found()).toEqual({ a: '2' });
      elements['a'] = '3';
      expect(await found()).toEqual({ a: '3' });
    });

    test.each<[string, object, RegExp]>([
      ['no text', { a: 1 }, /elements\.a: must be a string/],
      ['a feature of another shape', [], /must be an object/],
    ])('refuses %s each time', async (_, elements, message) => {
      const keeper = plugin('keeper', () => withValues(Object.freeze(elements)));
      for (const _turn of [1, 2]) {
        const { failures } = await discover([keeper]).result;
        expect(failures[0]?.error.message).toMatch(message);
      }
    });

    test('counts them each time', async () => {
      const elements = Object.freeze(
        Object.fromEntries(Array.from({ length: 15_000 }, (_, i) => [String(i), 'x'.repeat(20)])),
      );
      const keeper = plugin('keeper', () => withValues(elements));
      const greedy = plugin('greedy', () => ({
        ...nothing,
        features: {
          ...nothing.features,
          attributes: { one: { elements }, two: { elements: { ...elements } } },
        },
      }));
      for (const _turn of [1, 2]) {
        expect((await discover([keeper]).result).failures).toEqual([]);
        const { failures } = await discover([greedy]).result;
        expect(failures[0]?.error.code).toBe('plugin-too-large');
      }
    });
  });

  test('names the plugin in what it logs', async () => {
    const { result, lines } = discover([
      plugin('talker', ({ log }) => {
        log.info('hello', { to: 'you' });
        return nothing;
      }),
    ]);
    await result;
    expect(lines).toEqual([{ level: 'info', message: 'hello', fields: { to: 'you', plugin: 'talker' } }]);
  });

  test('takes keys of prototypes for data', async () => {
    const wild = ['__proto__', 'constructor', 'toString', 'hasOwnProperty'];
    const pairs = <Value>(value: Value) => Object.fromEntries(wild.map((name) => [name, value] as const));
    const found = {
      features: {
        flags: pairs({ elements: pairs({}) }),
        attributes: pairs({ elements: pairs('x') }),
        instances: {},
      },
      labels: pairs('true'),
    };
    const { discovery, failures } = await discover([plugin('wild', () => found)]).result;
    const keys = wild.map((name) => `wild.${name}`).sort();
    expect(Object.keys(discovery.features.flags).sort()).toEqual(keys);
    for (const feature of Object.values(discovery.features.attributes)) {
      expect(Object.entries(feature.elements).sort()).toEqual(wild.map((name) => [name, 'x']).sort());
    }
    // A name must end with a letter or digit, so one of the labels is illegal.
    expect(Object.keys(discovery.labels).sort()).toEqual([
      'feature.node.kubernetes.io/wild-constructor',
      'feature.node.kubernetes.io/wild-hasOwnProperty',
      'feature.node.kubernetes.io/wild-toString',
    ]);
    expect(failures).toEqual([]);
    expect(({} as Record<string, unknown>)['elements']).toBeUndefined();
  });
});

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

describe('the whole discovery', () => {
  test('ends with aborted when its signal says so', async () => {
    const stop = new AbortController();
    const { result } = discover([plugin('hanging', () => new Promise(() => undefined)), fine], {
      signal: stop.signal,
    });
    stop.abort();
    await expect(result).rejects.toMatchObject({ code: 'aborted' });
  });

  test('refuses a host root that is not there: it would look like a host without features', async () => {
    await expect(discover([fine], { hostRoot: '/no/such/root' }).result).rejects.toMatchObject({
      code: 'file-unreadable',
      message: expect.stringContaining('"/no/such/root" is no folder'),
    });
  });
});
