import type { NodeDetails } from '../../kube/node-details.ts';
import type { ObjectKey } from '../../port/node-feature-store.ts';
import { defaultLabelNamespace } from '../../feature/node-feature.ts';
import { mergeOrder } from '../../master/node-desire.ts';
import { mergeLabels } from '../../rule/merge.ts';
import { planNode } from '../../rule/node-plan.ts';
import { readTracking, trackingAnnotation } from '../../rule/tracking.ts';
import type { Mark } from '../../seal/mark.ts';
import type { Contribution } from '../../seal/verified.ts';
import type { InForce } from '../cluster/in-force.ts';
import type { JudgedObject } from './object.ts';

/**
 * Where a label comes from. `object`: an object that counts now. `accepted`: the last accepted content of an object that
 * is refused, unknown or gone now. `before`: noted as a feature label, but no accepted object ever gave it (NFD, modes
 * audit and off). `leftover`: no object gives it any more, the master takes it away. `foreign`: nobody of this project.
 */
export type LabelSource = 'object' | 'accepted' | 'before' | 'leftover' | 'foreign';

export interface ExplainedLabel {
  readonly key: string;
  readonly value: string;
  readonly source: LabelSource;
  /** The objects that it comes from; several where only the master knows which. */
  readonly objects: readonly ObjectKey[];
  /** The plugin that found it, where the object tells. */
  readonly plugin?: string;
  /** Who wrote it, as `metadata.managedFields` says. */
  readonly writtenBy?: string;
  readonly note?: string;
}

/** A label that an object gives and the Node lacks. */
export interface MissingLabel {
  readonly key: string;
  readonly value: string;
  readonly object: ObjectKey;
  readonly reason: string;
}

export interface LabelFacts {
  readonly node: NodeDetails;
  readonly mark: Mark;
  readonly objects: readonly JudgedObject[];
  readonly inForce: InForce | undefined;
}

type Counting = JudgedObject & { readonly contribution: Contribution };

/** Every label of the node with its source, and those that objects give in vain. Pure. */
export function explainLabels(facts: LabelFacts): {
  readonly labels: readonly ExplainedLabel[];
  readonly missing: readonly MissingLabel[];
} {
  const { view, writers } = facts.node;
  const counting = inMergeOrder(facts);
  const tracked = readTracking(view.annotations[trackingAnnotation]);
  const labels = Object.entries(view.labels).map(([key, value]): ExplainedLabel => {
    const given = counting.find(({ contribution }) => Object.hasOwn(contribution.labels, key));
    const writer = writers.labels.get(key)?.manager;
    const found = tracked.has(key) ? ownLabel(key, value, given, facts) : foreignLabel(key, value, given);
    return { key, value, ...found, ...(writer === undefined ? {} : { writtenBy: writer }) };
  });
  return { labels, missing: missingLabels(counting, facts) };
}

type Found = Omit<ExplainedLabel, 'key' | 'value' | 'writtenBy'>;

function ownLabel(key: string, value: string, given: Counting | undefined, facts: LabelFacts): Found {
  if (given !== undefined) {
    const plugin = pluginOf(key, given.contribution);
    const wanted = given.contribution.labels[key];
    return {
      source: 'object',
      objects: [given.key],
      ...(plugin === undefined ? {} : { plugin }),
      ...(wanted === value
        ? {}
        : { note: `the object says ${JSON.stringify(wanted)}; the master puts it right` }),
    };
  }
  const { mark, objects } = facts;
  if (mark.objects.size === 0) return { source: 'before', objects: [] };
  // The last accepted content is in the master's memory alone: the object may have been replaced since.
  const remembered = [...mark.objects.keys()].filter(
    (each) => !objects.some((object) => object.key === each && object.contribution !== undefined),
  );
  if (remembered.length > 0) return { source: 'accepted', objects: remembered };
  return { source: 'leftover', objects: [] };
}

function foreignLabel(key: string, value: string, given: Counting | undefined): Found {
  const wanted = given?.contribution.labels[key];
  if (given === undefined || wanted === undefined) return { source: 'foreign', objects: [] };
  const says = wanted === value ? 'the same' : JSON.stringify(wanted);
  return { source: 'foreign', objects: [], note: `it was there first; ${given.key} says ${says}` };
}

/** Objects that count, the one that wins a label first. */
function inMergeOrder({ objects, inForce }: LabelFacts): readonly Counting[] {
  const counting = objects.filter((object): object is Counting => object.contribution !== undefined);
  if (inForce === undefined) return counting;
  const { order, precedence } = mergeOrder(inForce);
  const sorted = counting.toSorted(order);
  return precedence === 'first' ? sorted : sorted.toReversed();
}

function missingLabels(counting: readonly Counting[], { node: { view } }: LabelFacts): MissingLabel[] {
  const merged = mergeLabels(
    counting.map(({ contribution }) => contribution.labels),
    'first',
  );
  const { dropped } = planNode(view, { labels: merged, annotations: {}, addOnly: true });
  const reasons = new Map(dropped.map(({ key, reason }) => [key, reason]));
  return [...merged]
    .filter(([key]) => !Object.hasOwn(view.labels, key))
    .map(([key, value]) => {
      const giver = counting.find(({ contribution }) => Object.hasOwn(contribution.labels, key));
      const reason = reasons.get(key) ?? 'not written yet; is a master at work?';
      return { key, value, object: giver?.key ?? '/', reason };
    });
}

/** `cpu` of `feature.node.kubernetes.io/cpu-model.id`, where the object has features of such a plugin. */
function pluginOf(key: string, { features }: Contribution): string | undefined {
  const prefix = `${defaultLabelNamespace}/`;
  if (!key.startsWith(prefix)) return undefined;
  const { flags, attributes, instances } = features;
  const plugins = [flags, attributes, instances].flatMap((kind) =>
    Object.keys(kind).map((name) => name.slice(0, name.indexOf('.'))),
  );
  return plugins.find((plugin) => plugin !== '' && key.startsWith(`${prefix}${plugin}-`));
}
