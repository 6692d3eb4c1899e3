import type { ReasonCode } from '../../error-codes.ts';
import type { ObjectKey } from '../../port/node-feature-store.ts';
import type { MasterReport, Refusal } from '../../master/ports.ts';
import type { WorkerReport } from '../../worker/ports.ts';

/** One thing that worker or master did. */
export type Happening =
  | { readonly type: 'published'; readonly reason: string; readonly iat: number }
  | { readonly type: 'verified'; readonly key: ObjectKey }
  | { readonly type: 'refused'; readonly key: ObjectKey; readonly code: ReasonCode; readonly message: string }
  | { readonly type: 'patched'; readonly node: string; readonly labels: number }
  | { readonly type: 'waiting'; readonly message: string }
  | { readonly type: 'failed'; readonly message: string };

type Listener = (happening: Happening) => void;

/** What worker and master report, for the demo to show and to wait for; nothing here polls. */
export class Happenings implements MasterReport, WorkerReport {
  readonly #listeners = new Set<Listener>();

  /** Calls back for everything from now on. Returns the way to stop. */
  onEach(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** The next happening that `pick` finds something in; rejects when the signal aborts. */
  next<Found>(pick: (happening: Happening) => Found | undefined, signal: AbortSignal): Promise<Found> {
    const { promise, resolve, reject } = Promise.withResolvers<Found>();
    const stop = this.onEach((happening) => {
      const found = pick(happening);
      if (found !== undefined) resolve(found);
    });
    const onAbort = (): void => {
      reject(signal.reason as Error);
    };
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort);
    return promise.finally(() => {
      stop();
      signal.removeEventListener('abort', onAbort);
    });
  }

  published(reason: string, iat: number): void {
    this.#tell({ type: 'published', reason, iat });
  }

  waitingForIdentity(problem: Error | undefined): void {
    this.#tell({ type: 'waiting', message: problem?.message ?? 'no SVID yet' });
  }

  publishFailed(error: Error): void {
    this.#tell({ type: 'failed', message: error.message });
  }

  publishing(): () => void {
    return notTimed;
  }

  objectChanged(): void {
    // The refusal and the next publication tell it already.
  }

  verified(key: ObjectKey): void {
    this.#tell({ type: 'verified', key });
  }

  refused({ key, code, message }: Refusal): void {
    this.#tell({ type: 'refused', key, code, message });
  }

  patched(node: string, labels: number): void {
    this.#tell({ type: 'patched', node, labels });
  }

  patchFailed(node: string, _code: ReasonCode, message: string): void {
    this.#tell({ type: 'failed', message: `${node}: ${message}` });
  }

  stale(): void {
    // Nothing gets a day old in a demo.
  }

  lapsed(): void {
    // Nothing is taken away in a demo.
  }

  overflowed(): void {
    // No flood in a demo.
  }

  dropped(): void {
    // The worker drops illegal labels before.
  }

  overwritten(): void {
    // No nfd-master in a demo.
  }

  verifying(): () => void {
    return notTimed;
  }

  markProblem(): void {
    // Nobody edits the Nodes of a demo.
  }

  #tell(happening: Happening): void {
    for (const listener of [...this.#listeners]) listener(happening);
  }
}

/** A demo has no metrics. */
function notTimed(): void {
  // Nothing to count.
}
