import { status, type Metadata, type ServerUnaryCall, type sendUnaryData } from '@grpc/grpc-js';
import type { z } from 'zod';
import { asFeaturesealError, FeaturesealError } from '../../error.ts';
import type { ReasonCode } from '../../error-codes.ts';
import type { Clock } from '../../port/clock.ts';
import type { Log } from '../../port/log.ts';
import { faultsOf } from './faults.ts';
import { statusOf } from './status.ts';

/** What a method has of its call besides the message. */
export interface CallContext {
  readonly metadata: Metadata;
  /** Aborts when time is up, or when the caller has left. */
  readonly signal: AbortSignal;
}

/** One method: what its message must be, and the answer to it. */
export interface UnaryMethod<Request> {
  readonly shape: z.ZodType<Request>;
  /** Of a message that is not of this shape. */
  readonly code: ReasonCode;
  readonly answer: (request: Request, context: CallContext) => object | Promise<object>;
}

export interface UnaryOptions {
  /** Leads every message, so that kubelet's Events say who speaks. */
  readonly speaker: string;
  /** No call takes longer. */
  readonly timeLimitMs: number;
  readonly clock: Clock;
  readonly log: Log;
}

export type UnaryHandler = (call: ServerUnaryCall<unknown, object>, callback: sendUnaryData<object>) => void;

/** A handler for the gRPC server: parses once, keeps the time limit, turns every failure into a status with its reason. */
export function unary<Request>(method: UnaryMethod<Request>, options: UnaryOptions): UnaryHandler {
  return (call, callback) => {
    answerInTime(call, method, options).then(
      (response) => callback(null, response),
      (thrown: unknown) => {
        const { code, message } = asFeaturesealError(thrown, 'internal', 'defect');
        options.log.warn('a request is refused', { method: call.getPath(), code, reason: message });
        callback({ code: gone(thrown) ?? statusOf(code), details: `${options.speaker}: ${message}` });
      },
    );
  };
}

async function answerInTime<Request>(
  call: ServerUnaryCall<unknown, object>,
  method: UnaryMethod<Request>,
  { timeLimitMs, clock }: UnaryOptions,
): Promise<object> {
  const done = new AbortController();
  call.once('cancelled', () =>
    done.abort(new FeaturesealError({ code: 'aborted', message: 'the caller left' })),
  );
  const limit = clock.sleep(timeLimitMs, done.signal).then(() => {
    throw done.signal.aborted
      ? asFeaturesealError(done.signal.reason, 'aborted', 'stopped')
      : new TimeIsUp(timeLimitMs);
  });
  try {
    const request = parse(call.request, method);
    const answer = async () => method.answer(request, { metadata: call.metadata, signal: done.signal });
    return await Promise.race([answer(), limit]);
  } finally {
    limit.catch(() => undefined);
    done.abort(new FeaturesealError({ code: 'aborted', message: 'the call has ended' }));
  }
}

function parse<Request>(message: unknown, { shape, code }: UnaryMethod<Request>): Request {
  const result = shape.safeParse(message);
  if (result.success) return result.data;
  throw new FeaturesealError({ code, message: faultsOf(result.error) });
}

class TimeIsUp extends FeaturesealError {
  constructor(ms: number) {
    super({ code: 'aborted', message: `no answer within ${ms / 1000} s` });
  }
}

function gone(thrown: unknown): status | undefined {
  return thrown instanceof TimeIsUp ? status.DEADLINE_EXCEEDED : undefined;
}
