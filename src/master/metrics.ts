import type { MetricTable } from '../runtime/metric-table.ts';

/** Metrics of the master; docs/reference/metrics.md is made from this table. */
export const masterMetrics = {
  master_objects_verified_total: { type: 'counter', help: 'NodeFeatures that verified, at every look.' },
  master_objects_refused_total: {
    type: 'counter',
    help: 'NodeFeatures that were refused, by reason code.',
    labels: ['code'],
  },
  master_verification_duration_seconds: {
    type: 'histogram',
    help: 'Time from taking an object up to its verdict, accepted or refused.',
    labels: ['verdict'],
    // One check of a signature takes under a millisecond; a chain made to cost as much as possible stays under a second.
    buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1],
  },
  master_objects_overflowed_total: {
    type: 'counter',
    help: 'Events that were dropped unseen because more of one object came than may wait.',
  },
  master_contributions_lapsed_total: {
    type: 'counter',
    help: 'Contributions that ended: the object was deleted, missing or withdrawn for longer than deletionGrace.',
  },
  master_stale_objects: { type: 'gauge', help: 'NodeFeatures in use whose seal is older than maxAge.' },
  master_nodes_patched_total: { type: 'counter', help: 'Patches of Nodes.' },
  master_node_patches_failed_total: {
    type: 'counter',
    help: 'Patches of Nodes that failed, by reason code.',
    labels: ['code'],
  },
  master_labels_dropped_total: {
    type: 'counter',
    help: 'Labels that were not written: illegal, reserved or set by others.',
  },
  master_foreign_writes_total: {
    type: 'counter',
    help: 'Writes of an nfd-master to Nodes that this master labels, as the leader saw them.',
  },
  master_events_dropped_total: {
    type: 'counter',
    help: 'Events that were not sent: too many waited, or the API server did not take them.',
  },
  master_mode: {
    type: 'gauge',
    help: '1 for the mode that this master is in (enforce, audit or off), 0 for the others.',
    labels: ['mode'],
  },
  master_leader: { type: 'gauge', help: '1 where this master may write, else 0.' },
  master_bundles: { type: 'gauge', help: 'Trust domains that this master has a bundle for; 0: not ready.' },
} as const satisfies MetricTable;
