import type { Crypto } from '../crypto.ts';
import { FeaturesealError } from '../error.ts';
import { ownMember } from '../feature/guard.ts';
import { parseFrame } from '../feature/parse.ts';
import type { X509Svid } from '../port/svid-source.ts';
import { sealAnnotation } from '../seal/header.ts';
import { proveSeal } from '../seal/proof.ts';
import { SealTrust } from '../seal/trust.ts';

/** What the worker knows of a seal of its own that verifies. */
export interface OwnSeal {
  /** Milliseconds since the epoch. */
  readonly iat: number;
  /** Seal and payload digest: equal text, equal object in all that the seal covers. */
  readonly fingerprint: string;
}

export interface OwnSealContext {
  readonly svid: X509Svid;
  readonly cluster: string;
  readonly node: string;
  readonly now: Date;
  readonly crypto: Crypto;
}

/**
 * Steps 1 to 5 over an object of this worker, with the bundle that came with its SVID.
 *
 * @throws FeaturesealError with the code of the step that failed, signer-not-allowed where somebody else sealed it
 */
export async function proveOwnSeal(object: unknown, context: OwnSealContext): Promise<OwnSeal> {
  const { svid, cluster, now, crypto } = context;
  const frame = parseFrame(object);
  const trust = new SealTrust(crypto);
  const bundles = new Map([[svid.spiffeId.split('/')[2] ?? '', svid.bundle]]);
  const proven = await proveSeal(frame, { bundles, cluster, now, trust, crypto });
  if (proven.svid.spiffeId !== svid.spiffeId || proven.node !== context.node) {
    throw new FeaturesealError({ code: 'signer-not-allowed', message: 'the seal is not one of this worker' });
  }
  const seal = ownMember(frame.annotations, sealAnnotation);
  return { iat: proven.iat, fingerprint: `${String(seal)} ${proven.digest}` };
}
