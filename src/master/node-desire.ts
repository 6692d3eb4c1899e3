import type { ObjectKey } from '../port/node-feature-store.ts';
import type { NodeView } from '../port/node-store.ts';
import { mergeLabels, type Precedence } from '../rule/merge.ts';
import type { Desired } from '../rule/node-plan.ts';
import type { AcceptedSeal } from '../seal/freshness.ts';
import { markAnnotation, maxObjects, readMark, writeMark, type Mark } from '../seal/mark.ts';
import { entryFor } from '../seal/policy.ts';
import { hasVoidDigest, namespaceOf, withoutDigest, type ObjectState } from './object-state.ts';
import type { MasterSettings } from './settings.ts';

/** One node as the master sees it at one moment. */
export interface NodeSituation {
  readonly view: NodeView;
  readonly objects: readonly ObjectState[];
  readonly settings: MasterSettings;
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** Until when a restarted master takes nothing away, or undefined before its first full list. */
  readonly holdUntil: number | undefined;
  /** The first full list was judged. */
  readonly isCaughtUp: boolean;
}

export interface NodeDesire {
  /** undefined where the node is none of our business yet. */
  readonly desired: Desired | undefined;
  readonly problem?: string;
}

/** What a node should carry, from the objects that count for it. Pure. */
export function desireFor(situation: NodeSituation): NodeDesire {
  const { view, objects, settings, now, isCaughtUp } = situation;
  const context = { uid: view.uid, now, maxAge: settings.maxAgeMs };
  const enforce = settings.policy.mode === 'enforce';
  const { mark, problem } = readMark(view.annotations[markAnnotation], context);
  const counting = objects.filter(
    (state) => state.labels !== undefined && !(enforce && isBehind(state, mark)),
  );
  // Labels from before (NFD's, or of another mode) stay until the first verified seal of this node. In the other modes
  // they are ours, as in NFD, once it is sure that no object speaks of the node.
  const ours = counting.length > 0 || (enforce ? mark.objects.size > 0 : isGraceOver(situation));
  const result = problem === undefined ? {} : { problem };
  if (!ours) return { ...result, desired: undefined };

  const next = nextMark(mark, situation);
  const { order, precedence } = mergeOrder(settings);
  const labels = mergeLabels(
    [...counting].sort(order).map((state) => state.labels ?? {}),
    precedence,
  );
  const annotations = next === undefined ? {} : { [markAnnotation]: writeMark(view.uid, next) ?? null };
  // Half a list takes nothing away (threat G2).
  const addOnly = enforce ? isHeld(mark, situation) : !isCaughtUp;
  return { ...result, desired: { labels, annotations, addOnly } };
}

/** A marked object that this process never saw verified may only be late: nothing is taken away for the grace. */
function isHeld(mark: Mark, situation: NodeSituation): boolean {
  const { objects } = situation;
  if (objects.some((state) => isBehind(state, mark))) return true;
  if (isGraceOver(situation)) return false;
  if (objects.some((state) => state.labels === undefined && state.withdrawn && state.lapsesAt !== undefined))
    return true;
  return [...mark.objects].some(([key, { digest }]) => {
    const state = objects.find((each) => each.key === key);
    return digest !== undefined && state?.labels === undefined;
  });
}

/**
 * Another leader accepted what this process has not seen yet (threat G3): what it knows of the object itself is older,
 * so it stays out, and what the other one wrote stays as it is until the newer object comes.
 */
function isBehind({ key, accepted }: ObjectState, mark: Mark): boolean {
  const marked = mark.objects.get(key);
  if (accepted === undefined || marked?.digest === undefined) return false;
  return marked.iat > accepted.iat && marked.digest !== accepted.digest;
}

function isGraceOver({ now, holdUntil }: NodeSituation): boolean {
  return holdUntil !== undefined && now >= holdUntil;
}

/** The mark to write; undefined where the one on the node will do. */
function nextMark(mark: Mark, situation: NodeSituation): Mark | undefined {
  const { objects, settings } = situation;
  // Mode off knows no marks: what they remember is there again when it ends.
  if (settings.policy.mode === 'off') return undefined;
  const entries = new Map<ObjectKey, AcceptedSeal>(mark.objects);
  let due = dropForgotten(entries, situation);
  for (const state of objects) {
    const old = mark.objects.get(state.key);
    const entry = entryOf(state, old);
    if (entry === undefined) continue;
    entries.set(state.key, entry);
    due ||= isWorthWriting(old, entry, settings.maxAgeMs);
  }
  return due ? { objects: entries } : undefined;
}

/** An entry outlives its object and leaves only when the policy drops its namespace, at once where room is short. */
function dropForgotten(entries: Map<ObjectKey, AcceptedSeal>, situation: NodeSituation): boolean {
  const { signers } = situation.settings.policy;
  const mayDrop = entries.size + signers.length > maxObjects || isGraceOver(situation);
  const dropped = [...entries.keys()].filter(
    (key) => mayDrop && entryFor(situation.settings.policy, namespaceOf(key)) === undefined,
  );
  for (const key of dropped) entries.delete(key);
  return dropped.length > 0;
}

/** What the mark should say of an object; undefined where it should stay as it is. */
function entryOf(state: ObjectState, old: AcceptedSeal | undefined): AcceptedSeal | undefined {
  if (hasVoidDigest(state)) return old?.digest === undefined ? undefined : withoutDigest(old);
  if (state.accepted === undefined || state.labels === undefined || state.withdrawn) return undefined;
  return old !== undefined && old.iat > state.accepted.iat ? undefined : state.accepted;
}

/**
 * A mark follows content and signer at once, and the time only now and then: not one write a node and re-sign. A signer that
 * moved to another ID would stay under the old one else, and go with it when the policy drops that.
 */
function isWorthWriting(old: AcceptedSeal | undefined, accepted: AcceptedSeal, maxAgeMs: number): boolean {
  if (old?.digest !== accepted.digest || old?.signer !== accepted.signer) return true;
  return accepted.iat - old.iat >= maxAgeMs / 4;
}

type Keyed = Pick<ObjectState, 'key'>;

/** In which order the objects of a node are merged, and which of two wins a label that both give. */
export function mergeOrder(settings: Pick<MasterSettings, 'policy' | 'namespace'>): {
  readonly order: (a: Keyed, b: Keyed) => number;
  readonly precedence: Precedence;
} {
  return settings.policy.mode === 'enforce'
    ? { order: byPolicy(settings), precedence: 'first' }
    : { order: byNfd(settings), precedence: 'last' };
}

/** Merge order of mode enforce: as the policy lists its signers. */
function byPolicy({ policy }: Pick<MasterSettings, 'policy'>): (a: Keyed, b: Keyed) => number {
  const rank = (state: Keyed): number =>
    policy.signers.findIndex(({ namespace }) => namespace === namespaceOf(state.key));
  return (a, b) => rank(a) - rank(b);
}

/** NFD's order: the master's own namespace first, then by name, then by namespace; later ones win. */
function byNfd({ namespace }: Pick<MasterSettings, 'namespace'>): (a: Keyed, b: Keyed) => number {
  const rank = (state: Keyed): readonly [number, string, string] => {
    const [own, name] = [namespaceOf(state.key), state.key.slice(namespaceOf(state.key).length + 1)];
    return [own === namespace ? 0 : 1, name, own];
  };
  return (a, b) => {
    const [left, right] = [rank(a), rank(b)];
    const at = left.findIndex((value, index) => value !== right[index]);
    return at < 0 ? 0 : (left[at] ?? '') < (right[at] ?? '') ? -1 : 1;
  };
}
