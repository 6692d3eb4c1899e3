import { Authority } from '../../src/identity/authority.ts';
import type { NodeFeature } from '../../src/feature/node-feature.ts';
import { apiVersion, kind, nodeNameLabel } from '../../src/feature/node-feature.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { parsePolicy } from '../../src/seal/policy.ts';

export const policy = parsePolicy({
  cluster: 'bench',
  signers: [
    {
      name: 'worker',
      spiffeIDs: ['spiffe://example.org/worker/{cluster}/{node}'],
      namespace: 'featureseal',
      features: ['*'],
      labels: ['*'],
    },
  ],
});

/** An authority whose SVIDs come with an intermediate, as those of a nested SPIRE do. */
export function createAuthority(): Promise<Authority> {
  return Authority.create({
    trustDomain: 'example.org',
    clock: systemClock,
    crypto: globalThis.crypto,
    caTtlMs: 24 * 3_600_000,
    intermediate: true,
  });
}

/** A NodeFeature whose JSON text has about `kilobytes` kB: kernel options and devices, as real ones have. */
export function nodeFeatureOf(kilobytes: number): NodeFeature {
  const options = Array.from({ length: kilobytes * 27 }, (_, index) => [
    `OPTION_${String(index).padStart(5, '0')}`,
    'y',
  ]);
  const devices = Array.from({ length: kilobytes * 7 }, (_, index) => ({
    attributes: { class: '0300', device: index.toString(16).padStart(4, '0'), vendor: '10de' },
  }));
  return {
    apiVersion,
    kind,
    metadata: { name: 'node-a', namespace: 'featureseal', labels: { [nodeNameLabel]: 'node-a' } },
    spec: {
      features: {
        attributes: { 'kernel.config': { elements: Object.fromEntries(options) as Record<string, string> } },
        flags: {},
        instances: { 'pci.device': { elements: devices } },
      },
      labels: { 'feature.node.kubernetes.io/cpu-cpuid.AVX2': 'true' },
    },
  };
}
