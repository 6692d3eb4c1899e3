import type { ReasonCode } from '../error-codes.ts';
import type { Log } from '../port/log.ts';
import type { TableMetrics } from '../runtime/metric-table.ts';
import type { workerMetrics } from './metrics.ts';
import type { WorkerReport } from './ports.ts';

export interface ReportOptions {
  readonly log: Log;
  readonly metrics: TableMetrics<typeof workerMetrics>;
}

/** Turns what the loop tells into log lines and metrics. */
export function createReport({ log, metrics }: ReportOptions): WorkerReport {
  return {
    published(reason, iat, spiffeId) {
      metrics.add('worker_seals_published_total', { reason });
      metrics.set('worker_seal_timestamp_seconds', iat / 1000);
      log.info('the NodeFeature is sealed and stored', {
        reason,
        iat: new Date(iat).toISOString(),
        spiffeId,
      });
    },
    waitingForIdentity(problem) {
      metrics.add('worker_identity_waits_total');
      log.warn('there is no SVID to sign with; waiting', {
        code: problem?.code,
        reason: problem?.message,
        advice: adviceFor(problem?.code),
      });
    },
    publishFailed({ code, message }) {
      metrics.add('worker_publishing_failed_total', { code });
      log.warn('the NodeFeature could not be sealed and stored', { code, reason: message });
    },
    publishing() {
      const done = metrics.time('worker_publishing_duration_seconds');
      return (outcome) => {
        done({ outcome });
      };
    },
    objectChanged() {
      metrics.add('worker_object_changes_total');
      log.warn('somebody changed the NodeFeature of this node; it is put back');
    },
  };
}

function adviceFor(code: ReasonCode | undefined): string {
  switch (code) {
    case 'workload-api-denied':
      return 'no registration entry matches this pod: look at service account, namespace, node and className of its ClusterSPIFFEID';
    case 'identity-ambiguous':
      return 'several registration entries match this pod: say which SVID is meant, by `hint` or `spiffeID`';
    default:
      return 'is the csi.spiffe.io volume mounted, and does the SPIRE agent of this node run?';
  }
}
