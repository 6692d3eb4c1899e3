import type { MetricTable } from '../runtime/metric-table.ts';

/** Metrics of every process that calls the API server; docs/reference/metrics.md is made from this table. */
export const apiMetrics = {
  api_calls_failed_total: {
    type: 'counter',
    help: 'Calls to the API server that failed, by what they were for (list, watch, read, write) and reason code. A watch that the server ends, whose version it forgot, or that moves to a new connection, has not failed.',
    labels: ['operation', 'code'],
  },
} as const satisfies MetricTable;
