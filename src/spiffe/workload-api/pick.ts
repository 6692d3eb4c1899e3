import { FeaturesealError } from '../../error.ts';
import type { X509Svid } from '../types.ts';

/** Which of several SVIDs is meant; with both members, both must match. */
export interface SvidPick {
  readonly spiffeId?: string | undefined;
  readonly hint?: string | undefined;
}

/**
 * The one SVID that configuration means. The standard's default, the first, is not enough to sign with:
 * servers order identities as they like, so a second registration could change who speaks.
 */
export function pickSvid(svids: readonly X509Svid[], { spiffeId, hint }: SvidPick): X509Svid {
  const matching = svids.filter(
    (svid) => (spiffeId ?? svid.spiffeId) === svid.spiffeId && (hint ?? svid.hint) === svid.hint,
  );
  const [only, second] = matching;
  if (only === undefined) {
    throw new FeaturesealError({
      code: 'identity-absent',
      message: `no SVID matches ${wanted({ spiffeId, hint })}; the Workload API gives ${listed(svids)}`,
    });
  }
  if (second !== undefined) {
    throw new FeaturesealError({
      code: 'identity-ambiguous',
      message: `several SVIDs match; name one by its SPIFFE ID or its hint: ${listed(matching)}`,
    });
  }
  return only;
}

function wanted({ spiffeId, hint }: SvidPick): string {
  const parts = [spiffeId ?? '', hint === undefined ? '' : `hint ${JSON.stringify(hint)}`];
  return parts.filter((part) => part !== '').join(' with ');
}

function listed(svids: readonly X509Svid[]): string {
  return svids
    .map(({ spiffeId, hint }) => (hint === '' ? spiffeId : `${spiffeId} (hint ${JSON.stringify(hint)})`))
    .join(', ');
}
