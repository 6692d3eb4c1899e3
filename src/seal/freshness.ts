import { FeaturesealError } from '../error.ts';

/** Age beyond which a verified object is shown as stale, in milliseconds: 24 h. */
export const defaultMaxAge = 24 * 60 * 60 * 1000;
/** How far clocks may differ, in milliseconds: 60 s. */
export const clockSkew = 60_000;

/** The mark's entry for one object: the newest seal that was accepted. */
export interface AcceptedSeal {
  /** Milliseconds since the epoch, as signed. */
  readonly iat: number;
  /** BASE64URL(SHA-256(payload)); absent once the contribution was withdrawn, so that nothing expired can lean on it. */
  readonly digest?: string;
  /** SPIFFE ID. */
  readonly signer: string;
}

/**
 * The mark's entry where it counts. One from more than `maxAge` ahead is forged or broken: it must neither silence an
 * honest worker nor vouch for anything.
 */
export function countingSeal(
  accepted: AcceptedSeal | undefined,
  { now, maxAge }: { readonly now: number; readonly maxAge: number },
): AcceptedSeal | undefined {
  // NaN compares as neither older nor newer: every replay would pass.
  if (accepted !== undefined && !Number.isSafeInteger(accepted.iat)) {
    throw new FeaturesealError({
      code: 'usage',
      message: 'iat of the accepted seal is not a time in milliseconds',
    });
  }
  return accepted !== undefined && accepted.iat > now + maxAge ? undefined : accepted;
}

/** What step 7 judges. */
export interface Freshness {
  readonly iat: number;
  readonly digest: string;
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** As {@link countingSeal} gives it. */
  readonly accepted: AcceptedSeal | undefined;
  /** Creation of the Node, milliseconds since the epoch. */
  readonly nodeCreated: number | undefined;
}

/**
 * Step 7: an object must not be older than what was accepted before; the mark on the Node remembers it across restarts,
 * leaders and deletions.
 *
 * @throws FeaturesealError with a code of step 7
 */
export function checkFreshness({ iat, digest, now, accepted, nodeCreated }: Freshness): void {
  // A worker whose clock ran ahead would otherwise lock itself out once the clock is right again.
  if (iat > now + clockSkew)
    throw refusal('from-the-future', `iat is ${String(iat - now)} ms ahead of the clock`);
  if (accepted === undefined) {
    // Without a mark, an object sealed for an earlier Node of this name is the oldest that could be replayed.
    if (nodeCreated !== undefined && !(iat >= nodeCreated - clockSkew)) {
      throw refusal('before-node', 'the seal is older than the Node');
    }
    return;
  }
  if (iat < accepted.iat) throw refusal('replayed', `iat is ${String(accepted.iat - iat)} ms below the mark`);
  // Two contents of one instant: the first one stays, so that the outcome does not depend on who asks.
  if (iat === accepted.iat && accepted.digest !== undefined && digest !== accepted.digest) {
    throw refusal('conflicting-seal', 'iat equals the mark but the content differs');
  }
}

function refusal(
  code: 'from-the-future' | 'before-node' | 'replayed' | 'conflicting-seal',
  message: string,
): FeaturesealError {
  return new FeaturesealError({ code, message });
}
