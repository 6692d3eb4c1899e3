import { describe, expect, test } from '@jest/globals';
import { canonicalBytes, maxPayloadBytes } from '../../../src/feature/payload.ts';
import { reasonOf } from '../../support/reason.ts';
import { changed, nodeFeature, nodeNameKey } from '../../support/sealing.ts';

const covered = { labels: [nodeNameKey], annotations: ['a'] };
const textOf = (object: unknown, keys = covered) =>
  Buffer.from(canonicalBytes(object, keys)).toString('utf8');

describe('canonicalBytes', () => {
  const object = nodeFeature({ annotations: { a: '1', b: '2' }, labels: { 'vendor.example/x': 'é' } });

  test('are the RFC 8785 text of what the seal covers', () => {
    expect(textOf(object)).toBe(
      '{"apiVersion":"nfd.k8s-sigs.io/v1alpha1","kind":"NodeFeature","metadata":{"annotations":{"a":"1"},' +
        '"labels":{"nfd.node.kubernetes.io/node-name":"node-a"},"name":"node-a","namespace":"featureseal"},' +
        '"spec":{"features":{"flags":{"cpu.cpuid":{"elements":{"AVX2":{}}}}},"labels":{"vendor.example/x":"é"}}}',
    );
  });

  test('hold both members of metadata where nothing is covered', () => {
    expect(textOf(object, { labels: [], annotations: [] })).toContain(
      '"metadata":{"annotations":{},"labels":{},"name"',
    );
  });

  test('are the same for an object and its text, whatever its order and spacing', () => {
    const { spec, metadata, ...rest } = object;
    expect(textOf(JSON.stringify({ spec, metadata, ...rest }, undefined, 4))).toBe(textOf(object));
  });

  test.each<[string, Parameters<typeof changed>[1]]>([
    ['an annotation that is not covered', ({ metadata }) => (metadata.annotations['b'] = 'other')],
    ['status', (copy) => (copy['status'] = { verified: true })],
    ['managedFields', ({ metadata }) => (metadata['managedFields'] = [{ manager: 5 }])],
    [
      'resourceVersion and uid',
      ({ metadata }) => Object.assign(metadata, { resourceVersion: '5', uid: 'u' }),
    ],
  ])('leave out %s', (_, change) => {
    expect(textOf(changed(object, change))).toBe(textOf(object));
  });

  test('order the keys that are asked for', () => {
    expect(textOf(object, { labels: [], annotations: ['b', 'a'] })).toContain(
      '"annotations":{"a":"1","b":"2"}',
    );
  });

  test.each([
    ['a covered key that the object lacks', object, { labels: [], annotations: ['c'] }, 'covered-keys'],
    ['a key of the prototype', object, { labels: ['constructor'], annotations: [] }, 'covered-keys'],
    ['a key twice', object, { labels: [], annotations: ['a', 'a'] }, 'covered-keys'],
    [
      'a key with a lone surrogate',
      nodeFeature({ annotations: { '\ud800': 'x' } }),
      { labels: [], annotations: ['\ud800'] },
      'covered-keys',
    ],
    [
      'a covered value that is a number',
      changed(object, ({ metadata }) => (metadata.annotations['a'] = 1)),
      covered,
      'object-malformed',
    ],
    [
      'a covered value with a lone surrogate',
      nodeFeature({ annotations: { a: '\udfff' } }),
      covered,
      'object-malformed',
    ],
    [
      'a spec that is none',
      changed(object, (copy) => Object.assign(copy, { spec: 'x' })),
      covered,
      'object-malformed',
    ],
  ])('are not made of %s', async (_, input, keys, code) => {
    expect(await reasonOf(() => canonicalBytes(input, keys))).toBe(code);
  });

  test('have at most 1.5 MiB, counted in bytes', async () => {
    const of = (value: string) => nodeFeature({ annotations: { a: '' }, labels: { 'x.example/l': value } });
    const frame = canonicalBytes(of(''), covered).length;
    const room = maxPayloadBytes - frame;
    expect(canonicalBytes(of('x'.repeat(room)), covered)).toHaveLength(maxPayloadBytes);
    expect(await reasonOf(() => canonicalBytes(of('x'.repeat(room + 1)), covered))).toBe('object-too-large');
    expect(await reasonOf(() => canonicalBytes(of('é'.repeat(room / 2 + 1)), covered))).toBe(
      'object-too-large',
    );
  });
});
