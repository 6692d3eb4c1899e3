import type { Crypto } from '../crypto.ts';
import { FeaturesealError } from '../error.ts';
import { ownMember } from '../feature/guard.ts';
import { parseFrame, type ObjectFrame } from '../feature/parse.ts';
import type { X509Svid } from '../port/svid-source.ts';
import { sealAnnotation } from '../seal/header.ts';
import { peekSeal } from '../seal/peek.ts';
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
  return { iat: proven.iat, fingerprint: fingerprint(frame, proven.digest) };
}

/**
 * The fingerprint of any object, undefined where its seal cannot be read that far. Proves nothing; equal to that of a
 * proven seal it is the same object, also when the chain has expired since.
 */
export async function fingerprintOf(object: unknown, crypto: Crypto): Promise<string | undefined> {
  const claim = await peekSeal(object, crypto);
  return claim === undefined ? undefined : fingerprint(parseFrame(object), claim.digest);
}

function fingerprint({ annotations }: ObjectFrame, digest: string): string {
  return `${String(ownMember(annotations, sealAnnotation))} ${digest}`;
}
