import type { X509Bundles } from '../port/svid-source.ts';
import type { SealTrust } from '../seal/trust.ts';
import { lapseAt, type ObjectState } from './object-state.ts';
import type { MasterSettings } from './settings.ts';

export interface WithdrawalContext {
  readonly trust: SealTrust;
  /** Those of this moment; undefined: not ready, and then nothing is withdrawn. */
  readonly bundles: () => X509Bundles | undefined;
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly settings: MasterSettings;
}

/**
 * Asks for the path of an accepted object again. It is withdrawn where there is none any more though the leaf is within
 * its dates (threat C7): its contribution ends after the grace. An expired leaf keeps what it had, and a clock that went
 * back takes nothing away. Where the path is there again, nothing was withdrawn.
 *
 * @returns whether anything changed
 */
export async function provePathAgain(state: ObjectState, context: WithdrawalContext): Promise<boolean> {
  const { trust, now, settings } = context;
  const { proof } = state;
  const bundles = context.bundles();
  if (bundles === undefined || proof === undefined) return false;
  const { notBefore, notAfter } = proof.svid.leaf;
  if (now < notBefore.getTime() || now > notAfter.getTime()) return false;
  const validUntil = await trust.hasPath(proof.svid, bundles, new Date(now));
  // Judged anew meanwhile, or asked of a bundle that is replaced by now: then this says nothing of it.
  if (state.proof !== proof || context.bundles() !== bundles) return false;

  const isLost = validUntil === undefined;
  if (!isLost) state.proof = { svid: proof.svid, validUntil };
  if (isLost === state.withdrawn) return false;
  state.withdrawn = isLost;
  // Mode audit takes objects at their word: only the mark loses the digest.
  if (isLost && settings.policy.mode === 'enforce') lapseAt(state, now + settings.deletionGraceMs);
  if (!isLost && state.exists) state.lapsesAt = undefined;
  return true;
}
