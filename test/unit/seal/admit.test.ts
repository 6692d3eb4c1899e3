import { describe, expect, test } from '@jest/globals';
import { admitNodeFeature } from '../../../src/seal/admit.ts';
import { reasonOf } from '../../support/reason.ts';
import { changed, nodeFeature, nodeNameKey } from '../../support/sealing.ts';

describe('admitNodeFeature', () => {
  test('takes an object without a seal at its word, and says that it is unverified', () => {
    const object = nodeFeature({ namespace: 'anywhere', labels: { x: 'bare', 'vendor.example/y': 'full' } });
    expect(admitNodeFeature(object)).toEqual({
      trust: 'unverified',
      namespace: 'anywhere',
      node: 'node-a',
      features: { flags: { 'cpu.cpuid': { elements: { AVX2: {} } } }, attributes: {}, instances: {} },
      labels: { 'feature.node.kubernetes.io/x': 'bare', 'vendor.example/y': 'full' },
    });
  });

  test('believes the label, whatever the object is called', () => {
    expect(admitNodeFeature(nodeFeature({ node: 'node-b', name: 'other' })).node).toBe('node-b');
  });

  test.each([
    ['covered-keys', 'names no node', changed(nodeFeature(), ({ metadata }) => (metadata.labels = {}))],
    [
      'node-name-invalid',
      'names a node that cannot be',
      changed(nodeFeature(), ({ metadata }) => (metadata.labels[nodeNameKey] = '../node-b')),
    ],
    ['object-malformed', 'is of another kind', changed(nodeFeature(), (copy) => (copy.kind = 'Node'))],
  ])('refuses with %s what %s', async (code, _, object) => {
    expect(await reasonOf(() => admitNodeFeature(object))).toBe(code);
  });
});
