import type { ObjectKey } from '../port/node-feature-store.ts';
import type { NodeView } from '../port/node-store.ts';
import type { AcceptedSeal } from '../seal/freshness.ts';
import { markAnnotation, readMark } from '../seal/mark.ts';
import { hasVoidDigest, newerOf, withoutDigest, type ObjectState } from './object-state.ts';
import type { MasterSettings } from './settings.ts';

/** The newest acceptance of an object that memory or the mark of its Node knows. */
export function newestAccepted(
  key: ObjectKey,
  known: {
    readonly state: ObjectState | undefined;
    readonly view: NodeView | undefined;
    /** Milliseconds since the epoch. */
    readonly now: number;
    readonly settings: MasterSettings;
  },
): AcceptedSeal | undefined {
  const { state, view, now, settings } = known;
  if (view === undefined) return state?.accepted;
  const { mark } = readMark(view.annotations[markAnnotation], {
    uid: view.uid,
    now,
    maxAge: settings.maxAgeMs,
  });
  const newest = newerOf(state?.accepted, mark.objects.get(key));
  return state !== undefined && hasVoidDigest(state) ? withoutDigest(newest) : newest;
}
