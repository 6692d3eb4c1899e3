import { describe, expect, test } from '@jest/globals';
import { labelKey } from '../../../src/plugin/label.ts';

describe('the key of a label', () => {
  test.each([
    ['model.family', 'feature.node.kubernetes.io/cpu-model.family'],
    ['vendor.example.com/x', 'vendor.example.com/x'],
  ])('%s of cpu becomes %s', (key, full) => {
    expect(labelKey('cpu', key)).toBe(full);
  });
});
