import type { X509Svid } from '../port/svid-source.ts';
import { WorkloadApiClient } from '../spiffe/workload-api/client.ts';
import { workloadApiAddress } from '../spiffe/workload-api/endpoint.ts';
import { pickSvid } from '../spiffe/workload-api/pick.ts';
import type { CliContext } from './context.ts';

export interface SocketFlags {
  readonly socket?: string;
  readonly id?: string;
  readonly hint?: string;
}

/**
 * A way to the SVID that the flags single out, of the moment in which it is called.
 *
 * @throws FeaturesealError socket-invalid at once, workload-api-... and identity-... when called
 */
export function svidOfSocket(
  { socket, id, hint }: SocketFlags,
  { env, crypto }: Pick<CliContext, 'env' | 'crypto'>,
): (signal: AbortSignal) => Promise<X509Svid> {
  const address = workloadApiAddress({ configured: socket, env });
  const client = new WorkloadApiClient({ address, crypto });
  return async (signal) => pickSvid(await client.fetchX509Svids(signal), { spiffeId: id, hint });
}
