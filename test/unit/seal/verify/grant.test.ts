import { describe, expect, test } from '@jest/globals';
import type { Features } from '../../../../src/feature/features.ts';
import { nodeFeature, testPolicy, vendorId, workerId } from '../../../support/sealing.ts';
import { policyFor, useVerifier, type Verdict } from '../verifier.ts';

const { signedBy } = useVerifier();

describe('what the policy grants', () => {
  test.each<[Verdict, string, Parameters<typeof nodeFeature>[0]]>([
    [
      'accepted',
      'what is granted',
      { labels: { 'vendor.example/x': '1' }, features: { flags: { 'vendor.a': { elements: {} } } } },
    ],
    [
      'label-not-granted',
      'a label outside the grant',
      { labels: { 'vendor.example/x': '1', 'other.example/y': '1' }, features: {} },
    ],
    [
      'label-not-granted',
      'a bare label, which gets the default namespace',
      { labels: { x: '1' }, features: {} },
    ],
    [
      'feature-not-granted',
      'a feature outside the grant',
      { labels: {}, features: { flags: { 'vendor.a': { elements: {} }, 'cpu.cpuid': { elements: {} } } } },
    ],
    [
      'feature-not-granted',
      'an attribute outside the grant',
      { labels: {}, features: { attributes: { 'kernel.version': { elements: {} } } } },
    ],
    [
      'feature-not-granted',
      'an instance outside the grant',
      { labels: {}, features: { instances: { 'pci.device': { elements: [] } } } },
    ],
    [
      'feature-not-granted',
      'the key of a prototype',
      { labels: {}, features: JSON.parse('{"flags":{"__proto__":{"elements":{}}}}') as Features },
    ],
  ])('judges a vendor: %s for %s', async (outcome, _, options) => {
    expect(await signedBy(vendorId(), nodeFeature({ namespace: 'vendor', ...options }))).toBe(outcome);
  });

  const flag = (name: string) =>
    nodeFeature({ labels: {}, features: { flags: { [name]: { elements: {} } } } });

  test.each([['rule.matched'], ['RULE.x'], ['rule.']])('nobody may publish %s', async (name) => {
    expect(await signedBy(workerId(), flag(name))).toBe('feature-reserved');
  });

  test('system.name is for a signer whose ID names its node', async () => {
    expect(await signedBy(workerId(), flag('system.name'))).toBe('accepted');
    const free = policyFor('spiffe://example.org/central/{cluster}', 'anyNode: true');
    expect(await signedBy('spiffe://example.org/central/demo', flag('system.name'), free)).toBe(
      'feature-reserved',
    );
    expect(await signedBy('spiffe://example.org/central/demo', flag('System.Name'), free)).toBe(
      'feature-reserved',
    );
    expect(await signedBy('spiffe://example.org/central/demo', flag('system.osrelease'), free)).toBe(
      'accepted',
    );
  });

  test('system.name is granted where one of the IDs that match names the node', async () => {
    const both = testPolicy((text) =>
      text.replace(
        '{node}"]',
        '{node}", "spiffe://example.org/featureseal/worker/{cluster}/node-a"]\n    anyNode: true',
      ),
    );
    expect(await signedBy(workerId(), flag('system.name'), both)).toBe('accepted');
  });

  test('judges as enforce does in every mode', async () => {
    const vendor = nodeFeature({ namespace: 'vendor' });
    for (const mode of ['audit', 'off']) {
      const policy = testPolicy((text) => `mode: ${mode}\n${text}`);
      expect(await signedBy(vendorId(), vendor, policy)).toBe('feature-not-granted');
    }
  });
});
