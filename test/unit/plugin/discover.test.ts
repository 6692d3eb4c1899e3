import { describe, expect, test } from '@jest/globals';
import type { DiscoverContext } from '../../../src/plugin/contract.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { discover, fine, fineFlags, flagged, labelled, nothing, plugin } from './discovering.ts';

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
