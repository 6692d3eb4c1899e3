import {
  constants,
  type ClientHttp2Session,
  type ClientHttp2Stream,
  type IncomingHttpHeaders,
} from 'node:http2';
import { FeaturesealError } from '../error.ts';
import { isObject } from '../feature/guard.ts';
import { codeOf, messageOf } from './thrown.ts';

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
  const chunks = readFromNow(stream);
  if (body !== undefined) stream.end(body);
  const head = await headOf(stream, signal);
  return { status: head[':status'] ?? 0, headers: head, body: bodyOf(stream, chunks, signal) };
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

/**
 * Reads from before the answer comes: where head and body come at once, the stream counts as closed while its body still
 * waits to be read, and an iterator that begins then takes that for a break.
 */
function readFromNow(stream: ClientHttp2Stream): AsyncIterable<unknown> {
  const iterator = stream[Symbol.asyncIterator]() as AsyncIterableIterator<unknown>;
  const first = iterator.next();
  // Whoever waits for the head, or reads on, learns of it.
  first.catch(() => undefined);
  return {
    async *[Symbol.asyncIterator]() {
      const result: IteratorResult<unknown, unknown> = await first;
      if (result.done === true) return;
      yield result.value;
      yield* iterator;
    },
  };
}

async function* bodyOf(
  stream: ClientHttp2Stream,
  chunks: AsyncIterable<unknown>,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  let isRead = false;
  try {
    for await (const chunk of chunks) yield chunk as Uint8Array;
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
  const behind = isObject(cause) ? cause['cause'] : undefined;
  const why =
    messageOf(behind) || codeOf(behind) || messageOf(cause) || codeOf(cause) || 'the connection was closed';
  const message = `the API server cannot be reached: ${why}`;
  return new FeaturesealError({ code: 'store-unavailable', message, cause });
}

function asError(reason: unknown): Error {
  if (reason instanceof Error) return reason;
  return new FeaturesealError({ code: 'aborted', message: 'the call was stopped' });
}
