import type { Crypto } from '../../../../src/crypto.ts';
import type { NodeFeature } from '../../../../src/feature/node-feature.ts';
import { signNodeFeature, type SignOptions } from '../../../../src/seal/sign.ts';
import { verifyNodeFeature } from '../../../../src/seal/verify.ts';
import { nodeFeature, noon, sealKey } from '../../../support/sealing.ts';
import { useVerifier } from '../verifier.ts';

/** The worker of node-a that signs at noon, and who verifies it, for the tests of a file. */
export function useSigner() {
  const { ca, good, svid } = useVerifier();
  return {
    ca,
    svid,
    sign: (object: unknown = nodeFeature(), options: Partial<SignOptions> = {}) =>
      signNodeFeature(object, { svid: svid(), cluster: 'demo', now: new Date(noon), ...options }),
    verify: (object: unknown, crypto: Crypto = globalThis.crypto) =>
      verifyNodeFeature(object, { ...good(), crypto }),
  };
}

export function headerOf({ metadata }: NodeFeature): Record<string, unknown> {
  const [head = ''] = (metadata.annotations?.[sealKey] ?? '').split('.');
  return JSON.parse(Buffer.from(head, 'base64url').toString('utf8')) as Record<string, unknown>;
}
