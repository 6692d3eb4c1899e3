import { describe, expect, test } from '@jest/globals';
import { keyFault, labelFault } from '../../../src/rule/label-rules.ts';
import { mergeLabels } from '../../../src/rule/merge.ts';
import { readTracking, writeTracking } from '../../../src/rule/tracking.ts';

describe('a label that the master may write', () => {
  test.each([
    ['feature.node.kubernetes.io/cpu-cpuid.AVX2', 'true'],
    ['gpu.feature.node.kubernetes.io/model', 'a100'],
    ['a.b.feature.node.kubernetes.io/x', ''],
    ['profile.node.kubernetes.io/hpc', ''],
    ['site.profile.node.kubernetes.io/hpc', ''],
    ['vendor.example/card', 'v2'],
    ['xkubernetes.io/a', ''],
    ['kubernetes.io.example/a', ''],
  ])('%s=%s', (key, value) => {
    expect(labelFault(key, value)).toBeUndefined();
  });

  test.each([
    'kubernetes.io/hostname',
    'node-role.kubernetes.io/control-plane',
    'node.kubernetes.io/instance-type',
    'topology.kubernetes.io/zone',
    'nfd.node.kubernetes.io/node-name',
    'x.kubernetes.io/feature.node.kubernetes.io',
    'xfeature.node.kubernetes.io/a',
    'evil-feature.node.kubernetes.io/a',
    'x.feature.node.evil.kubernetes.io/a',
    'profile.node.kubernetes.io.kubernetes.io/a',
  ])('is not %s: reserved to Kubernetes', (key) => {
    const namespace = key.slice(0, key.indexOf('/'));
    expect(labelFault(key, 'x')).toBe(`labels in ${namespace} are reserved to Kubernetes`);
    expect(keyFault(key)).toBe(`labels in ${namespace} are reserved to Kubernetes`);
  });

  test.each([
    ['without namespace', 'gpu', 'true'],
    ['with an empty namespace', '/gpu', 'true'],
    ['with a namespace in capitals', 'Kubernetes.io/x', 'true'],
    ['with a dot at its end', 'kubernetes.io./x', 'true'],
    ['with an empty name', 'vendor.example/', 'true'],
    ['with two slashes', 'vendor.example/a/b', 'true'],
    ['with a name of 64 characters', `vendor.example/${'n'.repeat(64)}`, 'true'],
    ['with a line feed in the key', 'vendor.example/a\n', 'true'],
    ['with a value of 64 characters', 'vendor.example/a', 'v'.repeat(64)],
    ['with a line feed in the value', 'vendor.example/a', 'true\n'],
    ['with a space in the value', 'vendor.example/a', 'a b'],
    ['with a comma in the key, which the tracking annotation would split', 'vendor.example/a,b', 'x'],
    ['named __proto__', '__proto__', 'x'],
  ])('is not one %s', (_, key, value) => {
    expect(labelFault(key, value)).toEqual(expect.any(String));
  });
});

describe('the tracking annotation', () => {
  test('has the form of NFD: sorted, the default namespace left out', () => {
    const keys = ['vendor.example/x', 'feature.node.kubernetes.io/b', 'feature.node.kubernetes.io/a'];
    expect(writeTracking(keys)).toBe('a,b,vendor.example/x');
    expect([...readTracking('a,b,vendor.example/x')].sort()).toEqual([...keys].sort());
  });

  test.each([
    ['nothing', undefined, []],
    ['an empty text', '', []],
    ['stray commas', ',,a,', ['feature.node.kubernetes.io/a']],
    [
      'keys that the master could not have written',
      'kubernetes.io/hostname,node-role.kubernetes.io/control-plane,a b,x',
      ['feature.node.kubernetes.io/x'],
    ],
    [
      'a key in the default namespace written out',
      'feature.node.kubernetes.io/a',
      ['feature.node.kubernetes.io/a'],
    ],
  ])('reads %s', (_, text, keys) => {
    expect([...readTracking(text)]).toEqual(keys);
  });
});

describe('mergeLabels', () => {
  const one = { a: '1', b: '1' };
  const two = { b: '2', c: '2' };

  test('the earlier object wins by policy, the later one as in NFD', () => {
    expect(Object.fromEntries(mergeLabels([one, two], 'first'))).toEqual({ a: '1', b: '1', c: '2' });
    expect(Object.fromEntries(mergeLabels([one, two], 'last'))).toEqual({ a: '1', b: '2', c: '2' });
  });

  test('__proto__ is a key like any other', () => {
    const hostile = JSON.parse('{"__proto__":"x"}') as Record<string, string>;
    expect([...mergeLabels([hostile, {}], 'first')]).toEqual([['__proto__', 'x']]);
  });
});
