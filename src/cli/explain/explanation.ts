import type { Crypto } from '../../crypto.ts';
import type { ReasonCode } from '../../error-codes.ts';
import type { ToldEvent } from '../../kube/read-events.ts';
import type { ObjectKey } from '../../port/node-feature-store.ts';
import { defaultMaxAge, type AcceptedSeal } from '../../seal/freshness.ts';
import { markAnnotation, readMark } from '../../seal/mark.ts';
import type { Mode } from '../../seal/policy.ts';
import type { Facts } from './gather.ts';
import { explainLabels, type ExplainedLabel, type MissingLabel } from './labels.ts';
import { judgeObject, type JudgedObject } from './object.ts';
import { explainOthers, type ExplainedOther } from './others.ts';

/** One NodeFeature as it is shown. Times are RFC 3339, ages whole seconds. */
export interface ExplainedObject {
  readonly object: ObjectKey;
  readonly verdict: JudgedObject['verdict'] | 'missing';
  readonly code: ReasonCode | null;
  readonly message: string | null;
  /** Its labels are in use as it stands there now. */
  readonly counts: boolean;
  /** Verified where accepted, else claimed. */
  readonly signer: string | null;
  readonly signed: string | null;
  readonly ageSeconds: number | null;
  /** What is in use of it was sealed longer than maxAge ago. */
  readonly stale: boolean;
  /** What the Node's mark remembers of it: the newest seal that a master accepted. */
  readonly accepted: { readonly signer: string; readonly signed: string; readonly same: boolean } | null;
}

/** All that `featureseal explain` says; its JSON form. */
export interface Explanation {
  readonly node: string;
  readonly cluster: string | null;
  readonly mode: Mode | null;
  /** Where the policy and the bundles came from. */
  readonly policy: string | null;
  readonly bundles: string | null;
  readonly objects: readonly ExplainedObject[];
  readonly labels: readonly ExplainedLabel[];
  readonly missing: readonly MissingLabel[];
  readonly others: readonly ExplainedOther[];
  readonly events: readonly ToldEvent[];
  readonly notes: readonly string[];
}

/** Judges what was read and tells where everything comes from. @param now milliseconds since the epoch */
export async function explain(facts: Facts, now: number, crypto: Crypto): Promise<Explanation> {
  const { node, inForce, bundles } = facts;
  const maxAge = inForce?.maxAgeMs ?? defaultMaxAge;
  const context = { uid: node.view.uid, now, maxAge };
  const { mark, problem } = readMark(node.view.annotations[markAnnotation], context);
  const options = { node: node.view, mark, inForce, bundles: bundles?.bundles, crypto, now };
  const objects = await Promise.all(facts.objects.map((stored) => judgeObject(stored, options)));
  const judged = new Map(objects.map((object) => [object.key, object]));
  // The mark also remembers objects that are not there any more.
  const keys = new Set([...judged.keys(), ...mark.objects.keys()]);
  const unusable = `the annotation ${markAnnotation} counts as absent: ${problem ?? ''}`;
  return {
    node: node.view.name,
    cluster: inForce?.policy.cluster ?? null,
    mode: inForce?.policy.mode ?? null,
    policy: inForce?.source ?? null,
    bundles: bundles?.source ?? null,
    objects: [...keys].map((key) =>
      shown(key, judged.get(key), { accepted: mark.objects.get(key), ...context }),
    ),
    ...explainLabels({ node, mark, objects, inForce }),
    others: explainOthers(node),
    events: facts.events,
    notes: problem === undefined ? facts.notes : [...facts.notes, unusable],
  };
}

interface Known {
  readonly accepted: AcceptedSeal | undefined;
  readonly now: number;
  readonly maxAge: number;
}

/** @param object undefined where it is gone, and only the mark knows of it */
function shown(key: ObjectKey, object: JudgedObject | undefined, known: Known): ExplainedObject {
  const { accepted, now, maxAge } = known;
  const iat = object?.iat;
  const used = object?.contribution === undefined ? accepted?.iat : iat;
  return {
    object: key,
    verdict: object?.verdict ?? 'missing',
    code: object?.code ?? null,
    message: object?.message ?? null,
    counts: object?.contribution !== undefined,
    signer: object?.signer ?? null,
    ...timesOf(iat, now),
    stale: now - (used ?? now) > maxAge,
    accepted: accepted === undefined ? null : remembered(accepted, object),
  };
}

function timesOf(iat: number | undefined, now: number): Pick<ExplainedObject, 'signed' | 'ageSeconds'> {
  if (iat === undefined) return { signed: null, ageSeconds: null };
  return { signed: moment(iat), ageSeconds: Math.round((now - iat) / 1000) };
}

function remembered(
  { signer, iat }: AcceptedSeal,
  object: JudgedObject | undefined,
): ExplainedObject['accepted'] {
  return { signer, signed: moment(iat), same: object?.isAsMarked === true };
}

function moment(ms: number): string {
  // A claim may hold any integer.
  const date = new Date(ms);
  return Number.isNaN(date.getTime()) ? String(ms) : date.toISOString();
}
