import {
  constants,
  type ClientHttp2Session,
  type ClientHttp2Stream,
  type IncomingHttpHeaders,
} from 'node:http2';
import { types } from 'node:util';
import { FeaturesealError } from '../error.ts';

const { isNativeError } = types;

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** Ends with an error where the connection breaks, or the signal aborts, before the body is whole. */
  readonly body: AsyncIterable<Uint8Array>;
}

/**
 * One request on a session. Resolves with the head of the answer; when `signal` aborts, head and body fail with its reason.
 *
 * @throws FeaturesealError store-unavailable, or the reason of the signal
 */
export async function exchange(
  session: ClientHttp2Session,
  headers: Readonly<Record<string, string>>,
  body: string | undefined,
  signal: AbortSignal,
): Promise<Answer> {
  signal.throwIfAborted();
  let stream: ClientHttp2Stream;
  try {
    stream = session.request(headers, { endStream: body === undefined });
  } catch (thrown) {
    // The session ended between our look at it and now.
    throw unavailable(thrown);
  }
  const abort = (): void => {
    stream.close(constants.NGHTTP2_CANCEL);
    stream.destroy(asError(signal.reason));
  };
  signal.addEventListener('abort', abort, { once: true });
  stream.once('close', () => {
    signal.removeEventListener('abort', abort);
  });
  if (body !== undefined) stream.end(body);
  const head = await headOf(stream, signal);
  return { status: head[':status'] ?? 0, headers: head, body: bodyOf(stream, signal) };
}

async function headOf(
  stream: ClientHttp2Stream,
  signal: AbortSignal,
): Promise<IncomingHttpHeaders & { ':status'?: number }> {
  return new Promise((resolve, reject) => {
    let problem: unknown;
    stream.once('response', resolve);
    // Stays for the life of the stream: an error that nobody hears would end the process.
    stream.on('error', (error) => {
      problem = error;
    });
    stream.once('close', () => {
      reject(signal.aborted ? asError(signal.reason) : unavailable(problem));
    });
  });
}

async function* bodyOf(stream: ClientHttp2Stream, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  let isRead = false;
  try {
    for await (const chunk of stream) yield chunk as Uint8Array;
    isRead = true;
  } catch (thrown) {
    throw signal.aborted ? asError(signal.reason) : unavailable(thrown);
  } finally {
    // The reader may have left early.
    if (!isRead) stream.close(constants.NGHTTP2_CANCEL);
  }
  signal.throwIfAborted();
  // A stream that is reset ends quietly, too: then the body is not whole.
  if (stream.rstCode) throw unavailable(new Error('the stream was reset'));
}

function unavailable(cause: unknown): FeaturesealError {
  // What is behind "stream cancelled" says more: connection refused, certificate not trusted.
  const root = isNativeError(cause) && isNativeError(cause.cause) ? cause.cause : cause;
  const why = isNativeError(root) && root.message !== '' ? root.message : 'the connection was closed';
  const message = `the API server cannot be reached: ${why}`;
  return new FeaturesealError({ code: 'store-unavailable', message, cause });
}

function asError(reason: unknown): Error {
  if (isNativeError(reason)) return reason;
  return new FeaturesealError({ code: 'aborted', message: 'the call was stopped' });
}
