import { describe, expect, test } from '@jest/globals';
import { peekSeal } from '../../../src/seal/peek.ts';
import { verifyNodeFeature } from '../../../src/seal/verify.ts';
import {
  changed,
  hour,
  issue,
  nodeFeature,
  noon,
  rootCa,
  seal,
  sealKey,
  workerId,
} from '../../support/sealing.ts';
import { useVerifier } from './verifier.ts';

const { crypto } = globalThis;
const { good, sealed } = useVerifier();

describe('peekSeal', () => {
  test('tells what an object claims, with the digest that verification would give', async () => {
    const { digest } = await verifyNodeFeature(sealed(), good());
    expect(await peekSeal(sealed(), crypto)).toEqual({
      iat: noon,
      digest,
      signer: workerId(),
      leafNotBefore: new Date(noon - hour),
      leafNotAfter: new Date(noon + hour),
    });
  });

  test('tells it of a seal that nobody would accept', async () => {
    const stranger = await issue(await rootCa({ subject: 'CN=Stranger' }));
    const edited = changed(await seal(nodeFeature(), stranger), ({ spec }) => (spec.labels = {}));
    expect(await peekSeal(edited, crypto)).toMatchObject({ iat: noon, signer: workerId() });
  });

  test.each([
    ['without a seal', nodeFeature()],
    ['with a seal that is none', nodeFeature({ annotations: { [sealKey]: 'x..y' } })],
    ['that is no object', 'text'],
  ])('says nothing of one %s', async (_, object) => {
    expect(await peekSeal(object, crypto)).toBeUndefined();
  });
});
