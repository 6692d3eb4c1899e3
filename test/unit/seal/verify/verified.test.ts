import { describe, expect, test } from '@jest/globals';
import { verifyNodeFeature } from '../../../../src/seal/verify.ts';
import { nodeFeature, noon, seal, workerId } from '../../../support/sealing.ts';
import { useVerifier } from '../verifier.ts';

const { good, sealed, svid, verdict } = useVerifier(nodeFeature({ annotations: { a: '1' } }));

describe('verifyNodeFeature', () => {
  test('tells what the object says, who signed it, and the entry of the mark', async () => {
    const verified = await verifyNodeFeature(sealed(), good());
    expect(verified).toMatchObject({
      trust: 'verified',
      node: 'node-a',
      namespace: 'featureseal',
      spiffeId: workerId(),
      iat: noon,
      stale: false,
      features: { flags: { 'cpu.cpuid': { elements: { AVX2: {} } } }, attributes: {}, instances: {} },
      labels: { 'feature.node.kubernetes.io/cpu-cpuid.AVX2': 'true' },
    });
    expect(verified.accepted).toEqual({ iat: noon, digest: verified.digest, signer: workerId() });
    expect(verified.digest).toMatch(/^[\w-]{43}$/);
  });

  test('gives labels without namespace the default one, and a full key wins over a bare one', async () => {
    const labels = { x: 'bare', y: 'bare', 'feature.node.kubernetes.io/y': 'full' };
    const object = await seal(nodeFeature({ labels }), svid());
    expect((await verifyNodeFeature(object, good())).labels).toEqual({
      'feature.node.kubernetes.io/x': 'bare',
      'feature.node.kubernetes.io/y': 'full',
    });
  });

  test('takes what an API server returns: fields added, members in another order, uncovered metadata', async () => {
    const { spec, metadata, kind, apiVersion } = sealed();
    const { labels, ...rest } = metadata;
    const stored = {
      spec,
      metadata: {
        ...rest,
        uid: 'u',
        resourceVersion: '5',
        generation: 1,
        creationTimestamp: '2026-06-01T12:00:00Z',
        managedFields: [{ manager: 'kubectl', time: null }],
        ownerReferences: [{ uid: 'x', controller: true }],
        labels: { ...labels, 'added.example/by': 'others' },
      },
      kind,
      apiVersion,
      status: { verified: true },
    };
    expect(await verdict(stored)).toBe('accepted');
    expect(await verdict(JSON.stringify(stored, undefined, 1))).toBe('accepted');
  });

  test('hostile names are data like others', async () => {
    const labels = JSON.parse('{"__proto__":"a","constructor":"b","toJSON":"c","9":"d","10":"e"}') as Record<
      string,
      string
    >;
    const verified = await verifyNodeFeature(await seal(nodeFeature({ labels }), svid()), good());
    expect(Object.keys(verified.labels).sort()).toEqual(
      ['10', '9', '__proto__', 'constructor', 'toJSON'].map((key) => `feature.node.kubernetes.io/${key}`),
    );
  });
});
