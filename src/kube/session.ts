import { connect, type ClientHttp2Session } from 'node:http2';
import { isDeepStrictEqual } from 'node:util';
import type { Clock } from '../port/clock.ts';
import type { Endpoint } from './endpoint.ts';

/** A connection is asked for a sign of life this often, and given up this long after: 25 s at most in all. */
const pingMs = { interval: 15_000, answer: 10_000, retire: 5_000 };

/** Lists come in large pages, and the default window of 64 KiB would make each a long dialogue (RFC 9113 section 5.2). */
const windowBytes = 4 * 1024 * 1024;

/** Why a call ended that was under way for too long on a connection that this client leaves. */
class ConnectionReplaced extends Error {}

/** True where a call ended for no other reason: nothing is wrong, it only has to be made anew. */
export function isReplaced(thrown: unknown): boolean {
  if (thrown instanceof ConnectionReplaced) return true;
  return thrown instanceof Error && thrown.cause !== undefined && isReplaced(thrown.cause);
}

/** The one pooled connection: an HTTP/2 session that all calls and watches share, opened again when it ended. */
export class SessionKeeper {
  readonly #clock: Clock;
  /** All that are open: old ones end when what is under way on them does. */
  readonly #open = new Set<ClientHttp2Session>();
  #current: ClientHttp2Session | undefined;
  #endpoint: Endpoint | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The session to use now. A new one where the old one ended, or where certificates changed meanwhile. */
  session(endpoint: Endpoint): ClientHttp2Session {
    const [current, before] = [this.#current, this.#endpoint];
    // Read anew now and then, mostly with the same content: then this object is the one to compare with.
    this.#endpoint = endpoint;
    if (current !== undefined && isUsable(current) && isSame(before, endpoint)) return current;
    if (current !== undefined) void this.#retire(current);
    this.#current = this.#connect(endpoint);
    return this.#current;
  }

  /** Ends everything, also what is under way. */
  close(): void {
    for (const session of this.#open) session.destroy();
  }

  /**
   * Nothing new is asked there, and what is under way may end in peace, but not for ever: a watch has to move on, and
   * such a session can be pinged no more. (A server that shuts down, RFC 9113 section 6.8, or certificates that changed.)
   */
  async #retire(session: ClientHttp2Session): Promise<void> {
    const closed = closing(session);
    session.close();
    await this.#clock.sleep(pingMs.retire, closed);
    session.destroy(new ConnectionReplaced('the connection is to be replaced by a new one'));
  }

  #connect(endpoint: Endpoint): ClientHttp2Session {
    const session = connect(endpoint.origin, {
      ...endpoint.tls,
      ALPNProtocols: ['h2'],
      settings: { enablePush: false, initialWindowSize: windowBytes },
    });
    this.#open.add(session);
    // Told to every request under way; without a listener it would end the process.
    session.on('error', () => undefined);
    session.once('connect', () => {
      session.setLocalWindowSize(4 * windowBytes);
    });
    session.once('goaway', () => void this.#retire(session));
    session.once('close', () => {
      this.#open.delete(session);
    });
    void keepAlive(session, this.#clock);
    return session;
  }
}

/** Headers may differ: they go with every request. */
function isSame(a: Endpoint | undefined, b: Endpoint): boolean {
  return a === b || (a?.origin === b.origin && isDeepStrictEqual(a.tls, b.tls));
}

function isUsable(session: ClientHttp2Session): boolean {
  return !session.closed && !session.destroyed;
}

/**
 * A half-open connection says nothing for ever: the peer is gone, and no packet tells. Pings go through to the server
 * itself (RFC 9113 section 6.7), other than TCP's keep-alives, which the next load balancer answers.
 */
async function keepAlive(session: ClientHttp2Session, clock: Clock): Promise<void> {
  const closed = closing(session);
  for (;;) {
    await clock.sleep(pingMs.interval, closed);
    if (closed.aborted || session.closed) return;
    if (await answersPing(session, clock, closed)) continue;
    session.destroy(new Error('the connection is dead: no answer to a ping'));
  }
}

/** Aborts when the session is gone for good. */
function closing(session: ClientHttp2Session): AbortSignal {
  const controller = new AbortController();
  if (session.destroyed) controller.abort();
  session.once('close', () => {
    controller.abort();
  });
  return controller.signal;
}

async function answersPing(session: ClientHttp2Session, clock: Clock, closed: AbortSignal): Promise<boolean> {
  const answered = new AbortController();
  const either = AbortSignal.any([answered.signal, closed]);
  let alive = false;
  if (!session.connecting && !session.destroyed) {
    session.ping((error) => {
      alive = error === null;
      answered.abort();
    });
  }
  await clock.sleep(pingMs.answer, either);
  // Closing meanwhile, it says nothing about the other side.
  return alive || closed.aborted || session.closed;
}
