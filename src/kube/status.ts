import { FeaturesealError, type ErrorDetails } from '../error.ts';
import type { ReasonCode } from '../error-codes.ts';
import { isObject, ownMember } from '../feature/guard.ts';
import { escapeControls } from '../runtime/escape.ts';

/** Longest part of a server's message that is repeated: it may quote what somebody wrote into an object. */
const maxMessageLength = 400;

/** A failure that the API server itself reported. */
export class ApiStatusError extends FeaturesealError {
  /** As in HTTP, also where it came inside a stream. */
  readonly status: number;

  constructor(details: ErrorDetails & { readonly status: number }) {
    super(details);
    this.status = details.status;
  }
}

/** The refusal of a call, from the HTTP status and the Status object that the API server answers with. */
export function statusError(what: string, status: number, body: unknown): ApiStatusError {
  const said = statusMessage(body);
  const message = `${what}: HTTP ${status}${said === '' ? '' : `: ${said}`}${advice[status] ?? ''}`;
  return new ApiStatusError({ code: codeOf(status), message, status });
}

/** True where the server has forgotten the resourceVersion that was asked for: only a new list helps. */
export function isExpired(thrown: unknown): boolean {
  return thrown instanceof ApiStatusError && thrown.status === 410;
}

/** True where the server does not have what was asked for, or not even its kind. */
export function isNotFound(thrown: unknown): boolean {
  return thrown instanceof ApiStatusError && thrown.status === 404;
}

const advice: Readonly<Record<number, string>> = {
  401: '; the credentials are not accepted',
  403: '; look at the roles and bindings of this identity',
};

function codeOf(status: number): ReasonCode {
  if (status === 409) return 'store-conflict';
  // Timeout, expired resourceVersion, too many requests: nothing is wrong with the request as such.
  if (status === 408 || status === 410 || status === 429) return 'store-unavailable';
  return status >= 400 && status < 500 ? 'store-refused' : 'store-unavailable';
}

/** `message` of a Status object, escaped and cut; empty where there is none. */
function statusMessage(body: unknown): string {
  const message = isObject(body) ? ownMember(body, 'message') : undefined;
  if (typeof message !== 'string') return '';
  const cut = message.length > maxMessageLength ? `${message.slice(0, maxMessageLength)}…` : message;
  return escapeControls(cut.toWellFormed());
}

/** `code` of a Status object, the HTTP status that it stands for; 500 where there is none. */
export function statusCode(body: unknown): number {
  const code = isObject(body) ? ownMember(body, 'code') : undefined;
  return typeof code === 'number' ? code : 500;
}
