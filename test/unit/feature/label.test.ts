import { describe, expect, test } from '@jest/globals';
import { labelSyntaxFault } from '../../../src/feature/label.ts';

describe('a label', () => {
  test.each([
    ['a.example/b', 'c'],
    ['a.example/b', ''],
    ['a.example/B_1.2-c', 'A_1.2-z'],
    [`a.example/${'b'.repeat(63)}`, 'c'.repeat(63)],
    [`${'a'.repeat(63)}.${'a'.repeat(63)}.${'a'.repeat(63)}.${'a'.repeat(61)}/b`, 'c'],
  ])('%s=%s is legal', (key, value) => {
    expect(labelSyntaxFault(key, value)).toBeUndefined();
  });

  const badPrefix = 'the prefix of the key is not a DNS-1123 subdomain';
  const badName = 'the name of the key has characters that are not allowed';
  const badValue = 'the value has characters that are not allowed';
  test.each([
    ['b', 'c', 'the key has no prefix'],
    ['/b', 'c', badPrefix],
    ['A.example/b', 'c', badPrefix],
    ['a..example/b', 'c', badPrefix],
    ['-a/b', 'c', badPrefix],
    [`${'a'.repeat(254)}/b`, 'c', badPrefix],
    ['a.example/', 'c', badName],
    ['a.example/b/c', 'c', badName],
    ['a.example/-b', 'c', badName],
    ['a.example/b\n', 'c', badName],
    ['a.example/bé', 'c', badName],
    [`a.example/${'b'.repeat(64)}`, 'c', 'the name of the key is longer than 63 characters'],
    ['a.example/b', 'c'.repeat(64), 'the value is longer than 63 characters'],
    ['a.example/b', 'c d', badValue],
    ['a.example/b', 'c\n', badValue],
    ['a.example/b', '.c', badValue],
    ['a.example/b', ' ', badValue],
  ])('%j=%j is illegal', (key, value, fault) => {
    expect(labelSyntaxFault(key, value)).toBe(fault);
  });
});
