import type { EventSink, Notice } from '../port/event-sink.ts';
import type { Log } from '../port/log.ts';
import type { ObjectKey } from '../port/node-feature-store.ts';
import type { NodeView } from '../port/node-store.ts';
import type { TableMetrics } from '../runtime/metric-table.ts';
import { markAnnotation } from '../seal/mark.ts';
import type { masterMetrics } from './metrics.ts';
import { namespaceOf, nodeOf } from './object-state.ts';
import type { MasterReport, Refusal } from './ports.ts';

export interface ReportOptions {
  readonly log: Log;
  readonly events: EventSink;
  readonly metrics: TableMetrics<typeof masterMetrics>;
}

/** Reasons of the Events that a master sends; docs/reference/metrics.md lists them. */
export const eventReasons = {
  NodeFeatureRefused: 'a NodeFeature does not count; the message begins with the reason code',
  NodeFeatureStale: 'a NodeFeature in use was sealed longer than maxAge ago',
  NodeFeatureLapsed: 'what a NodeFeature gave its node was taken back',
  LabelsDropped: 'labels of a verified NodeFeature were not written to its Node',
  NotEvaluated: 'there are NodeFeatureRules or NodeFeatureGroups, which this version does not evaluate',
  ForeignMaster: 'an nfd-master writes to a Node that this master labels; it ignores seals',
  MarkIgnored: `the annotation ${markAnnotation} of a Node cannot be used`,
} as const;

/** Turns what the loop tells into log lines, metrics, Events, and an audit line for each refusal. */
export function createReport({ log, events, metrics }: ReportOptions): MasterReport {
  const stale = new Set<ObjectKey>();
  // The same thing is found at every look at a node; it is told when it changes.
  const told = new Map<string, string>();
  const tellNode = (node: NodeView, reason: keyof typeof eventReasons, message: string): void => {
    if (told.get(`${reason} ${node.name}`) === message) return;
    told.set(`${reason} ${node.name}`, message);
    log.warn(eventReasons[reason], { node: node.name, reason: message });
    events.send({ type: 'Warning', reason, message, about: aboutNode(node) });
  };
  return {
    verified(key, signer) {
      metrics.add('master_objects_verified_total');
      log.debug('a NodeFeature is verified', { object: key, signer });
    },
    refused(refusal) {
      const { key, code, message, signer, digest } = refusal;
      metrics.add('master_objects_refused_total', { code });
      log.warn('refused', {
        audit: true,
        object: key,
        node: nodeOf(key),
        signer,
        code,
        digest,
        reason: message,
      });
      events.send({ type: 'Warning', reason: 'NodeFeatureRefused', message, about: aboutObject(refusal) });
    },
    stale(key, isStale) {
      if (isStale) stale.add(key);
      else stale.delete(key);
      metrics.set('master_stale_objects', stale.size);
      if (!isStale) return log.info('a NodeFeature is fresh again', { object: key });
      log.warn(eventReasons.NodeFeatureStale, { object: key });
      const message = 'sealed longer than maxAge ago; is its worker running, and does it get an SVID?';
      events.send({ type: 'Warning', reason: 'NodeFeatureStale', message, about: aboutObject({ key }) });
    },
    lapsed(key) {
      stale.delete(key);
      metrics.set('master_stale_objects', stale.size);
      metrics.add('master_contributions_lapsed_total');
      log.warn(eventReasons.NodeFeatureLapsed, { object: key });
      const message = 'deleted, missing or withdrawn for longer than deletionGrace';
      events.send({ type: 'Warning', reason: 'NodeFeatureLapsed', message, about: aboutObject({ key }) });
    },
    overflowed(key) {
      metrics.add('master_objects_overflowed_total');
      log.warn('more events of one NodeFeature came than may wait; the oldest was dropped', { object: key });
    },
    patched(node, labels) {
      metrics.add('master_nodes_patched_total');
      log.info('a Node is patched', { node, labels });
    },
    patchFailed(node, code, message) {
      metrics.add('master_node_patches_failed_total', { code });
      log.warn('a Node could not be patched', { node, code, reason: message });
    },
    dropped(node, labels) {
      metrics.add('master_labels_dropped_total', {}, labels.length);
      tellNode(node, 'LabelsDropped', shownOf(labels.map(({ key, reason }) => `${key}: ${reason}`)));
    },
    overwritten(node, keys, isNew) {
      metrics.add('master_foreign_writes_total');
      const message = `it wrote ${shownOf(keys)}: what is refused here it takes. Stop it; featureseal doctor says where it is`;
      // A repetition is no Event of its own but a count, until the server forgets.
      events.send({ type: 'Warning', reason: 'ForeignMaster', message, about: aboutNode(node) });
      if (isNew) log.warn(eventReasons.ForeignMaster, { node: node.name, reason: message });
    },
    verifying() {
      const done = metrics.time('master_verification_duration_seconds');
      return (verdict) => {
        done({ verdict });
      };
    },
    markProblem(node, problem) {
      tellNode(node, 'MarkIgnored', problem);
    },
  };
}

/** The first few. */
function shownOf(things: readonly string[]): string {
  return `${things.slice(0, 5).join('; ')}${things.length > 5 ? '; …' : ''}`;
}

function aboutNode({ name, uid }: NodeView): Notice['about'] {
  return { kind: 'Node', name, uid };
}

function aboutObject({ key, uid = '' }: Pick<Refusal, 'key' | 'uid'>): Notice['about'] {
  return { kind: 'NodeFeature', namespace: namespaceOf(key), name: nodeOf(key), uid };
}
