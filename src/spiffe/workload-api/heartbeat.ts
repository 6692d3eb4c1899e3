import { status, type Client } from '@grpc/grpc-js';
import type { Sleeper } from './retry.ts';
import { emptyRequest, securityHeader } from './service.ts';

/** Interval and patience together: a stream that died silently is noticed within 45 s. */
export const heartbeatIntervalMs = 30_000;
const patienceMs = 15_000;

/**
 * A method that no server has: the answer UNIMPLEMENTED is proof of life.
 * HTTP/2 PINGs would be the usual means, but gRPC servers in Go, the SPIRE agent among them, allow one in five
 * minutes and then cut the connection (too_many_pings); a real call would make the agent attest this process anew.
 */
const method = '/featureseal.Heartbeat/Beat';

/** True when the server gives any answer at all on the client's own connection in time. */
export async function answersSoon(client: Client, clock: Sleeper, signal: AbortSignal): Promise<boolean> {
  const done = new AbortController();
  const answer = new Promise<boolean>((resolve) => {
    const call = client.makeUnaryRequest(
      method,
      emptyRequest,
      emptyRequest,
      {},
      securityHeader(),
      (error) => {
        resolve(error?.code !== status.CANCELLED);
        done.abort();
      },
    );
    const waited = clock.sleep(patienceMs, AbortSignal.any([signal, done.signal]));
    void waited.then(() => call.cancel());
  });
  return answer;
}
