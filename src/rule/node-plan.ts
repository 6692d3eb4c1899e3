import type { NodePatch, NodeView } from '../port/node-store.ts';
import { labelFault } from './label-rules.ts';
import { readTracking, trackingAnnotation, writeTracking } from './tracking.ts';

/** What a node should carry. */
export interface Desired {
  readonly labels: ReadonlyMap<string, string>;
  /** Other annotations to set (text) or to remove (null). */
  readonly annotations: Readonly<Record<string, string | null>>;
  /** Nothing that is there may be changed or removed for now: after a restart, what is missing may only be late. */
  readonly addOnly: boolean;
}

/** A label that was not written, and why. */
export interface DroppedLabel {
  readonly key: string;
  readonly reason: string;
}

export interface NodePlan {
  /** undefined where the node is as it should be: then nothing is written. */
  readonly patch: NodePatch | undefined;
  readonly dropped: readonly DroppedLabel[];
}

/** Compares a node with what it should carry. Pure; one patch a node. */
export function planNode(node: NodeView, desired: Desired): NodePlan {
  const owned = readTracking(node.annotations[trackingAnnotation]);
  const labels: Record<string, string | null> = {};
  const dropped: DroppedLabel[] = [];
  const tracked = new Set<string>();

  for (const [key, value] of desired.labels) {
    const present = Object.hasOwn(node.labels, key);
    const fault = labelFault(key, value);
    if (fault !== undefined) {
      dropped.push({ key, reason: fault });
      continue;
    }
    // Whoever set a key that nobody tracks wants it so; taking it over would also mean removing it one day.
    if (present && !owned.has(key)) {
      if (node.labels[key] !== value)
        dropped.push({ key, reason: 'the node has it already, set by someone else' });
      continue;
    }
    tracked.add(key);
    if (node.labels[key] !== value && !(present && desired.addOnly)) labels[key] = value;
  }
  for (const key of owned) {
    if (tracked.has(key)) continue;
    if (desired.addOnly) tracked.add(key);
    else if (Object.hasOwn(node.labels, key)) labels[key] = null;
  }

  const annotations = changedAnnotations(node, {
    ...desired.annotations,
    [trackingAnnotation]: tracked.size === 0 ? null : writeTracking(tracked),
  });
  const nothing = Object.keys(labels).length === 0 && Object.keys(annotations).length === 0;
  return { patch: nothing ? undefined : { labels, annotations }, dropped };
}

function changedAnnotations(
  node: NodeView,
  wanted: Readonly<Record<string, string | null>>,
): Record<string, string | null> {
  const changed = Object.entries(wanted).filter(([key, value]) => (node.annotations[key] ?? null) !== value);
  return Object.fromEntries(changed);
}
