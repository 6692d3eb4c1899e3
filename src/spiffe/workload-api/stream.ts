import { Client, credentials, status, type ClientOptions } from '@grpc/grpc-js';
import type { Endpoint } from './endpoint.ts';
import { answersSoon, heartbeatIntervalMs } from './heartbeat.ts';
import { callFailure, type CallEnd, type Sleeper } from './retry.ts';
import { emptyRequest, securityHeader } from './service.ts';

export interface StreamArguments {
  readonly endpoint: Endpoint;
  /** Full gRPC path. */
  readonly method: string;
  readonly clock: Sleeper;
  readonly signal: AbortSignal;
}

/** A message holds SVIDs and bundles of a few KiB each; the same limit as gRPC's own default, stated. */
const maxMessageBytes = 4 * 1024 * 1024;

const channelOptions: ClientOptions = {
  'grpc.max_receive_message_length': maxMessageBytes,
  // The socket is local; a proxy from the environment must never see keys.
  'grpc.enable_http_proxy': 0,
  'grpc.service_config_disable_resolution': 1,
  // Every stream dials anew by path, so that a socket file that was replaced is found; back-off is ours alone.
  'grpc.use_local_subchannel_pool': 1,
  'grpc.enable_retries': 0,
};

/**
 * One server stream on its own connection: yields raw messages, undecoded, so that a bad one can be discarded alone.
 * Returns when `signal` aborts; however else it ends, it throws a FeaturesealError of {@link callFailure}.
 */
export async function* openStream({
  endpoint,
  method,
  clock,
  signal,
}: StreamArguments): AsyncGenerator<Buffer> {
  if (signal.aborted) return;
  const client = new Client(endpoint.target, credentials.createInsecure(), channelOptions);
  const call = client.makeServerStreamRequest(method, emptyRequest, asIs, {}, securityHeader());
  // Once cancelled, the call may still report its end when nobody reads any more.
  call.on('error', () => undefined);
  const over = new AbortController();
  const cancel = () => call.cancel();
  signal.addEventListener('abort', cancel, { once: true });
  let stalled = false;
  void watchHeart(client, clock, over.signal).then((alive) => {
    if (alive) return;
    stalled = true;
    cancel();
  });
  let end: CallEnd = { code: status.UNAVAILABLE, details: 'the server closed the stream' };
  try {
    for await (const message of call) yield message;
  } catch (thrown) {
    end = stalled
      ? { code: status.UNAVAILABLE, details: 'the server does not answer any more' }
      : callEnd(thrown);
  } finally {
    over.abort();
    signal.removeEventListener('abort', cancel);
    call.cancel();
    client.close();
  }
  if (!signal.aborted) throw callFailure(end, endpoint);
}

/** Resolves with false when the connection is dead though nobody closed it, with true when `signal` aborts first. */
async function watchHeart(client: Client, clock: Sleeper, signal: AbortSignal): Promise<boolean> {
  for (;;) {
    await clock.sleep(heartbeatIntervalMs, signal);
    if (signal.aborted) return true;
    if (!(await answersSoon(client, clock, signal))) return signal.aborted;
  }
}

function asIs(bytes: Buffer): Buffer {
  return bytes;
}

function callEnd(thrown: unknown): CallEnd {
  if (!(thrown instanceof Error) || !('code' in thrown) || typeof thrown.code !== 'number') throw thrown;
  const details = 'details' in thrown ? String(thrown.details) : thrown.message;
  return { code: thrown.code, details };
}
