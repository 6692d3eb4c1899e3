import type { ReasonCode } from '../../../src/error-codes.ts';
import type { FeaturesealError } from '../../../src/error.ts';
import type { MasterReport, Refusal } from '../../../src/master/ports.ts';
import type { ClientLog } from '../../../src/spiffe/workload-api/client.ts';
import type { SealReason, WorkerReport } from '../../../src/worker/ports.ts';

/** One thing that worker, master or one of their Workload API clients told. */
export type Entry =
  | { readonly what: 'published'; readonly reason: SealReason; readonly spiffeId: string }
  | { readonly what: 'waiting'; readonly code: ReasonCode | undefined }
  | { readonly what: 'publish-failed'; readonly code: ReasonCode; readonly message: string }
  | { readonly what: 'object-changed' }
  | { readonly what: 'verified'; readonly key: string; readonly signer: string }
  | { readonly what: 'refused'; readonly key: string; readonly code: ReasonCode; readonly message: string }
  | { readonly what: 'lapsed'; readonly key: string }
  | { readonly what: 'stale'; readonly key: string; readonly stale: boolean }
  | { readonly what: 'patched'; readonly node: string; readonly labels: number }
  | { readonly what: 'patch-failed'; readonly code: ReasonCode; readonly message: string }
  | {
      readonly what: 'workload-api-failed';
      readonly who: string;
      readonly code: unknown;
      readonly error: unknown;
    };

type Kind = Entry['what'];
type Of<K extends Kind> = Extract<Entry, { what: K }>;

const patienceMs = 120_000;

/** All that was told, in order, to look at and to wait for. */
export class Journal {
  readonly entries: Entry[] = [];
  readonly #listeners = new Set<() => void>();

  of<K extends Kind>(what: K, from = 0): readonly Of<K>[] {
    return this.entries.slice(from).filter((entry): entry is Of<K> => entry.what === what);
  }

  /** The first entry from `from` on (default: from now) that fits, waited for where it is not there yet. */
  async until<K extends Kind>(
    what: K,
    fits: (entry: Of<K>) => boolean = () => true,
    from = this.entries.length,
  ): Promise<Of<K>> {
    const deadline = AbortSignal.timeout(patienceMs);
    for (;;) {
      const found = this.of(what, from).find(fits);
      if (found !== undefined) return found;
      if (deadline.aborted) throw new Error(`no ${what} came:\n${this.#tail()}`);
      await this.#next(deadline);
    }
  }

  readonly worker: WorkerReport = {
    published: (reason, _iat, spiffeId) => this.#add({ what: 'published', reason, spiffeId }),
    waitingForIdentity: (problem) => this.#add({ what: 'waiting', code: problem?.code }),
    publishFailed: ({ code, message }: FeaturesealError) =>
      this.#add({ what: 'publish-failed', code, message }),
    objectChanged: () => this.#add({ what: 'object-changed' }),
    publishing: () => ignored,
  };

  readonly master: MasterReport = {
    verified: (key, signer) => this.#add({ what: 'verified', key, signer }),
    refused: ({ key, code, message }: Refusal) => this.#add({ what: 'refused', key, code, message }),
    lapsed: (key) => this.#add({ what: 'lapsed', key }),
    patched: (node, labels) => this.#add({ what: 'patched', node, labels }),
    patchFailed: (_node, code, message) => this.#add({ what: 'patch-failed', code, message }),
    stale: (key, stale) => this.#add({ what: 'stale', key, stale }),
    overflowed: ignored,
    dropped: ignored,
    markProblem: ignored,
    overwritten: ignored,
    verifying: () => ignored,
  };

  /** The log of the Workload API client of worker or master. */
  client(who: 'worker' | 'master'): ClientLog {
    return {
      warn: (_message, { code, error } = {}) => this.#add({ what: 'workload-api-failed', who, code, error }),
    };
  }

  #add(entry: Entry): void {
    this.entries.push(entry);
    for (const listener of [...this.#listeners]) listener();
  }

  #next(deadline: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        this.#listeners.delete(done);
        deadline.removeEventListener('abort', done);
        resolve();
      };
      this.#listeners.add(done);
      deadline.addEventListener('abort', done);
    });
  }

  #tail(): string {
    return this.entries
      .slice(-20)
      .map((entry) => JSON.stringify(entry))
      .join('\n');
  }
}

function ignored(): void {
  // Not what these tests are about.
}
