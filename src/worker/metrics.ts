import type { MetricTable } from '../runtime/metric-table.ts';

/** Metrics of the worker; docs/reference/metrics.md is made from this table. */
export const workerMetrics = {
  worker_seals_published_total: {
    type: 'counter',
    help: 'Seals that were stored, by what asked for them.',
    labels: ['reason'],
  },
  worker_publishing_failed_total: {
    type: 'counter',
    help: 'Attempts to seal and store that failed, by reason code.',
    labels: ['code'],
  },
  worker_publishing_duration_seconds: {
    type: 'histogram',
    help: 'Time to seal an object and store it, and to prove what the server answered; stored or failed. With the pause between two writes where one follows another within a second.',
    labels: ['outcome'],
    // The calls are what takes time; one is given up after 30 seconds.
    buckets: [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
  },
  worker_object_changes_total: {
    type: 'counter',
    help: 'Times that the stored object was not the one published, and was put back.',
  },
  worker_identity_waits_total: { type: 'counter', help: 'Attempts to sign without a usable SVID.' },
  worker_plugin_failures_total: {
    type: 'counter',
    help: 'Discoveries of a plugin that failed, by plugin.',
    labels: ['plugin'],
  },
  worker_seal_timestamp_seconds: { type: 'gauge', help: 'Signing time of the seal that is stored.' },
  worker_svid_expiry_timestamp_seconds: {
    type: 'gauge',
    help: 'Expiry of the SVID in use; 0 where there is none.',
  },
} as const satisfies MetricTable;
