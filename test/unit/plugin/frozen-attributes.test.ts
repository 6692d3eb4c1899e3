import { describe, expect, test } from '@jest/globals';
import { discover, nothing, plugin } from './discovering.ts';

describe('discovery of attributes that a plugin froze', () => {
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
