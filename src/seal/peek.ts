import type { Crypto } from '../crypto.ts';
import { parseFrame } from '../feature/parse.ts';
import { payloadBytes } from '../feature/payload.ts';
import { parseSpec } from '../feature/spec.ts';
import { parseX509Svid } from '../spiffe/svid.ts';
import { sha256 } from './digest.ts';
import { readEnvelope } from './envelope.ts';

/** What a refused object claims of itself. Nothing here is verified: for records and for comparing with a mark only. */
export interface SealClaim {
  readonly iat: number;
  readonly digest: string;
  /** SPIFFE ID of the leaf. */
  readonly signer: string;
  readonly leafNotBefore: Date;
  readonly leafNotAfter: Date;
}

/** The claim of an object; undefined where it cannot be read that far. */
export async function peekSeal(value: unknown, crypto: Crypto): Promise<SealClaim | undefined> {
  try {
    const frame = parseFrame(value);
    const { header } = readEnvelope(frame);
    const payload = payloadBytes(frame, header.covered, parseSpec(frame.spec).canonical);
    const digest = await sha256(crypto, payload);
    const { spiffeId, leaf } = parseX509Svid(header.chain);
    return {
      iat: header.iat,
      digest,
      signer: spiffeId,
      leafNotBefore: leaf.notBefore,
      leafNotAfter: leaf.notAfter,
    };
  } catch {
    // Refused already, with its reason; a record of it simply says less.
    return undefined;
  }
}
