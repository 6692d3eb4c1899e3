import { FeaturesealError } from '../../error.ts';
import { WorkloadApiClient } from '../../spiffe/workload-api/client.ts';
import { workloadApiAddress } from '../../spiffe/workload-api/endpoint.ts';
import type { CliContext } from '../context.ts';

/** Long enough for an agent that is busy, short enough for a person. */
const patienceMs = 10_000;

/** A Workload API that is asked once and not waited for. */
export interface PatientClient {
  readonly address: string;
  /** @throws FeaturesealError as WorkloadApiClient; workload-api-unavailable also where no answer comes in time */
  ask<T>(call: (client: WorkloadApiClient, signal: AbortSignal) => Promise<T>): Promise<T>;
}

/**
 * The Workload API of `--socket`, or of SPIFFE_ENDPOINT_SOCKET; undefined where neither is given.
 *
 * @throws FeaturesealError socket-invalid
 */
export function patientClient(
  socket: string | undefined,
  { env, clock, crypto, signal }: Pick<CliContext, 'env' | 'clock' | 'crypto' | 'signal'>,
): PatientClient | undefined {
  if (socket === undefined && (env['SPIFFE_ENDPOINT_SOCKET'] ?? '') === '') return undefined;
  const address = workloadApiAddress({ configured: socket, env });
  const client = new WorkloadApiClient({ address, clock, crypto });
  return {
    address,
    async ask(call) {
      const late = AbortSignal.timeout(patienceMs);
      try {
        return await call(client, AbortSignal.any([signal, late]));
      } catch (cause) {
        if (!late.aborted) throw cause;
        const message = `${address} takes connections but does not answer within ${String(patienceMs / 1000)} s`;
        throw new FeaturesealError({ code: 'workload-api-unavailable', message, cause });
      }
    },
  };
}
