import { describe, expect, test } from '@jest/globals';
import type { Discovery } from '../../../src/feature/features.ts';
import { parseSettings } from '../../../src/runtime/settings.ts';
import { workerConfigSchema } from '../../../src/worker/config.ts';
import { publishedPart } from '../../../src/worker/published.ts';

const discovery: Discovery = {
  features: {
    flags: { 'cpu.cpuid': { elements: { AVX2: {} } }, 'kernel.loadedmodule': { elements: {} } },
    attributes: { 'cpu.cpuid': { elements: {} }, 'kernel.config': { elements: { SMP: 'y' } } },
    instances: { 'pci.device': { elements: [] } },
  },
  labels: { 'feature.node.kubernetes.io/kernel-config.SMP': 'true' },
};

function configOf(text: string) {
  return parseSettings(workerConfigSchema, {
    file: { name: 'worker.yaml', text: `cluster: demo\nnode: node-a\nnamespace: featureseal\n${text}` },
    flags: {},
    environment: {},
  });
}

/** The names of the features that are published under this configuration. */
function published(text: string): string[] {
  const { publishFeatures: only, noPublishFeatures: except } = configOf(text);
  const { features, labels } = publishedPart(discovery, { only, except });
  expect(labels).toEqual(discovery.labels);
  return [...new Set(Object.values(features).flatMap((kind: object) => Object.keys(kind)))].sort();
}

describe('features that are published', () => {
  test.each([
    ['', ['cpu.cpuid', 'kernel.config', 'kernel.loadedmodule', 'pci.device']],
    ['noPublishFeatures: [kernel.config]', ['cpu.cpuid', 'kernel.loadedmodule', 'pci.device']],
    ['noPublishFeatures: ["kernel.*"]', ['cpu.cpuid', 'pci.device']],
    ['publishFeatures: [pci.device, "cpu.*"]', ['cpu.cpuid', 'pci.device']],
    ['publishFeatures: ["kernel.*"]\nnoPublishFeatures: [kernel.config]', ['kernel.loadedmodule']],
    ['publishFeatures: []', []],
    ['noPublishFeatures: ["*"]', []],
  ])('%s', (text, names) => {
    expect(published(text)).toEqual(names);
  });

  test.each(['kernel', 'kernel.con*', '*.config', ''])('refuses the pattern %j', (pattern) => {
    expect(() => configOf(`noPublishFeatures: [${JSON.stringify(pattern)}]`)).toThrow(
      /\[config-invalid\].*is neither a feature such as cpu\.cpuid, nor cpu\.\*, nor \*/s,
    );
  });
});
