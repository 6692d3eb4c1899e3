import { describe, expect, test } from '@jest/globals';
import { maxObjectLength, parseFrame, parseJsonObject } from '../../../src/feature/parse.ts';
import { parseSpec } from '../../../src/feature/spec.ts';
import { reasonOf } from '../../support/reason.ts';
import { nodeFeature } from '../../support/sealing.ts';

describe('parseJsonObject', () => {
  test('reads text and objects alike', () => {
    const object = nodeFeature();
    expect(parseJsonObject(object)).toEqual(parseJsonObject(JSON.stringify(object)));
  });

  test('gives a value that nobody else holds', () => {
    const object = { labels: { a: 'b' } };
    const parsed = parseJsonObject(object);
    object.labels.a = 'changed';
    expect(parsed).toEqual({ labels: { a: 'b' } });
  });

  test('asks a getter once: what is judged is what is used', () => {
    let asked = 0;
    const parsed = parseJsonObject({
      get name() {
        return `answer ${(asked += 1)}`;
      },
    });
    expect(parsed).toEqual({ name: 'answer 1' });
    expect(asked).toBe(1);
  });

  test.each([
    ['text that is not JSON', '{'],
    ['nothing', ''],
    ['a byte order mark', `\ufeff${JSON.stringify(nodeFeature())}`],
    ['two documents', '{}{}'],
    ['undefined', undefined],
    ['a function', () => 'x'],
    ['a BigInt', { iat: 1n }],
    [
      'an object that throws',
      new Proxy(
        {},
        {
          ownKeys: () => {
            throw new Error('no');
          },
        },
      ),
    ],
  ])('refuses %s as object-malformed', async (_, input) => {
    expect(await reasonOf(() => parseJsonObject(input))).toBe('object-malformed');
  });

  test('refuses an object that holds itself', async () => {
    const circle: Record<string, unknown> = {};
    circle['self'] = circle;
    expect(await reasonOf(() => parseJsonObject(circle))).toBe('object-malformed');
  });

  test('refuses 100,000 nested arrays, alone or within a NodeFeature, as text or as a value, and lives', async () => {
    const nested = '['.repeat(100_000) + ']'.repeat(100_000);
    const within = JSON.stringify(nodeFeature()).replace('"true"', nested);
    const judge = (input: unknown) => reasonOf(() => parseSpec(parseFrame(parseJsonObject(input)).spec));
    expect(await judge(nested)).toBe('object-malformed');
    expect(await judge(within)).toBe('object-malformed');
    expect(await judge(JSON.parse(within))).toBe('object-malformed');
  });

  test('reads 4 Mi characters and not one more', async () => {
    const text = `"${'x'.repeat(maxObjectLength - 2)}"`;
    expect(await reasonOf(() => parseJsonObject(text))).toBe('accepted');
    expect(await reasonOf(() => parseJsonObject(`${text} `))).toBe('object-too-large');
    expect(await reasonOf(() => parseJsonObject([text]))).toBe('object-too-large');
  });
});

describe('parseFrame', () => {
  const frameOf = (change: (copy: Record<string, unknown>) => void) => {
    const copy = structuredClone(nodeFeature()) as unknown as Record<string, unknown>;
    change(copy);
    return () => parseFrame(JSON.parse(JSON.stringify(copy)));
  };

  test('knows name, namespace, metadata and spec of a NodeFeature', () => {
    const object = nodeFeature({ annotations: { a: 'b' } });
    expect(parseFrame(object)).toEqual({
      name: 'node-a',
      namespace: 'featureseal',
      labels: object.metadata.labels,
      annotations: { a: 'b' },
      spec: object.spec,
    });
  });

  test.each<[string, (copy: Record<string, unknown>) => void]>([
    ['another apiVersion', (copy) => (copy['apiVersion'] = 'nfd.k8s-sigs.io/v1')],
    ['no apiVersion', (copy) => delete copy['apiVersion']],
    ['another kind', (copy) => (copy['kind'] = 'NodeFeatureRule')],
    ['no metadata', (copy) => delete copy['metadata']],
    ['metadata that is a list', (copy) => (copy['metadata'] = [])],
    ['no name', (copy) => (copy['metadata'] = { namespace: 'featureseal' })],
    ['an empty name', (copy) => (copy['metadata'] = { namespace: 'featureseal', name: '' })],
    ['a name that is a number', (copy) => (copy['metadata'] = { namespace: 'featureseal', name: 5 })],
    [
      'a name with a lone surrogate',
      (copy) => (copy['metadata'] = { namespace: 'featureseal', name: '\ud800' }),
    ],
    ['no namespace', (copy) => (copy['metadata'] = { name: 'node-a' })],
    ['labels that are a list', (copy) => (copy['metadata'] = { name: 'a', namespace: 'b', labels: [] })],
    ['labels that are null', (copy) => (copy['metadata'] = { name: 'a', namespace: 'b', labels: null })],
    [
      'annotations that are text',
      (copy) => (copy['metadata'] = { name: 'a', namespace: 'b', annotations: 'x' }),
    ],
  ])('refuses %s', async (_, change) => {
    expect(await reasonOf(frameOf(change))).toBe('object-malformed');
  });

  test.each([[null], [[]], ['text'], [5]])('refuses %j', async (value) => {
    expect(await reasonOf(() => parseFrame(value))).toBe('object-malformed');
  });

  test('a prototype gives no member', async () => {
    const text = `{"__proto__":${JSON.stringify(nodeFeature())}}`;
    expect(await reasonOf(() => parseFrame(JSON.parse(text)))).toBe('object-malformed');
  });
});
