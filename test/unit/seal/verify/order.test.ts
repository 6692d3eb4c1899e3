import { describe, expect, test } from '@jest/globals';
import { FeaturesealError } from '../../../../src/error.ts';
import { verifyNodeFeature } from '../../../../src/seal/verify.ts';
import {
  changed,
  issue,
  minute,
  nodeFeature,
  noon,
  rawSeal,
  rootCa,
  seal,
  workerId,
} from '../../../support/sealing.ts';
import { useVerifier } from '../verifier.ts';

const { ca, good, sealed, svid, verdict } = useVerifier();

describe('the order of steps', () => {
  /** Each breaks one more step than the one before; the earliest must be the one that is told. */
  test('the first failed step is told, whatever else is wrong', async () => {
    const stranger = await issue(await rootCa({ subject: 'CN=Stranger' }), { spiffeId: workerId('node-b') });
    const label = nodeFeature({ labels: { ok: 'yes' } });
    const step7 = await seal(label, svid(), { at: noon - minute });
    const accepted = { iat: noon, digest: 'x', signer: workerId() };
    expect(await verdict(step7, { accepted })).toBe('replayed');
    const step6 = await rawSeal(label, await issue(ca(), { spiffeId: workerId('node-b') }), {
      at: noon - minute,
    });
    expect(await verdict(step6, { accepted })).toBe('signer-not-allowed');
    const step5 = changed(step6, ({ spec }) => (spec.labels = {}));
    expect(await verdict(step5, { accepted })).toBe('signature-invalid');
    const step4 = changed(
      await rawSeal(label, stranger, { at: noon - minute }),
      ({ spec }) => (spec.labels = {}),
    );
    expect(await verdict(step4, { accepted })).toBe('path-not-found');
    const step3 = await rawSeal(label, { ...stranger, chain: [ca().root] });
    expect(await verdict(step3, { accepted })).toBe('spiffe-id-no-path');
    const step2 = await rawSeal(
      label,
      { ...stranger, chain: [ca().root] },
      { members: { cluster: 'other' } },
    );
    expect(await verdict(step2, { accepted })).toBe('cluster-mismatch');
    const step1 = changed(step2, ({ spec }) => (spec.labels['x'] = 1));
    expect(await verdict(step1, { accepted })).toBe('object-malformed');
    const first = changed(step1, ({ metadata }) => (metadata.namespace = 'nowhere'));
    expect(await verdict(first, { accepted })).toBe('namespace-not-in-policy');
  });

  test('a time that is none judges nothing', async () => {
    await expect(verifyNodeFeature(sealed(), { ...good(), now: new Date(NaN) })).rejects.toMatchObject({
      code: 'usage',
    });
    await expect(
      verifyNodeFeature(sealed(), { ...good(), accepted: { iat: NaN, signer: '' } }),
    ).rejects.toThrow(FeaturesealError);
    expect(await verdict(sealed(), { nodeCreated: new Date(NaN) })).toBe('before-node');
  });
});
