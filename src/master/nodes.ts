import { asFeaturesealError } from '../error.ts';
import { isOlder } from '../kube/resource-version.ts';
import type { NodeView } from '../port/node-store.ts';
import { planNode } from '../rule/node-plan.ts';
import { ForeignWrites, writtenByNfdMaster } from './foreign-writes.ts';
import { desireFor } from './node-desire.ts';
import type { Objects } from './objects.ts';
import type { MasterPorts } from './ports.ts';
import type { MasterSettings } from './settings.ts';

const firstRetryMs = 1_000;
const longestRetryMs = 60_000;

/** What the patching of nodes asks the loop. */
export interface NodesContext {
  readonly ports: MasterPorts;
  readonly settings: MasterSettings;
  readonly objects: Objects;
  holdUntil(): number | undefined;
  /** The first full list was judged. */
  isCaughtUp(): boolean;
  /**
   * Reads every object of a node and has it judged again: after a conflict nothing is re-sent unproven.
   * @returns how many wait for it; each touches the node when it is judged
   */
  reverify(node: string): Promise<number>;
}

/**
 * The Nodes that the master knows, and the queue of those to compare with what they should carry: one patch at a time
 * for a node, a bounded number at a time for all.
 */
export class Nodes {
  readonly #context: NodesContext;
  readonly #views = new Map<string, NodeView>();
  readonly #dirty = new Set<string>();
  readonly #busy = new Set<string>();
  readonly #failures = new Map<string, number>();
  readonly #foreignWrites = new ForeignWrites();

  constructor(context: NodesContext) {
    this.#context = context;
  }

  view(name: string): NodeView | undefined {
    return this.#views.get(name);
  }

  names(): IterableIterator<string> {
    return this.#views.keys();
  }

  /** True where nothing waits to be patched. */
  isIdle(): boolean {
    return this.#dirty.size === 0 && this.#busy.size === 0;
  }

  /** @returns what the new view means: another Node of that name, a change, or nothing new */
  see(view: NodeView): 'appeared' | 'changed' {
    const known = this.#views.get(view.name);
    this.#take(view);
    return known?.uid === view.uid ? 'changed' : 'appeared';
  }

  forget(name: string): void {
    this.#views.delete(name);
    this.#failures.delete(name);
    this.#foreignWrites.forget(name);
  }

  /** Who leads now tells anew what it sees. */
  leadershipChanged(): void {
    this.#foreignWrites.forgetAll();
  }

  /** Compares a node, soon. */
  touch(name: string, signal: AbortSignal): void {
    this.#dirty.add(name);
    this.#pump(signal);
  }

  #take(view: NodeView): void {
    const { report, leadership, clock } = this.#context.ports;
    const before = this.#views.get(view.name);
    this.#views.set(view.name, view);
    // Every master sees it; one tells.
    if (before === undefined || !leadership.isLeader()) return;
    const keys = writtenByNfdMaster(before, view);
    if (keys.length === 0) return;
    report.overwritten(view, keys, this.#foreignWrites.note(view.name, clock.now()));
  }

  #pump(signal: AbortSignal): void {
    const { leadership } = this.#context.ports;
    if (!leadership.isLeader() || signal.aborted) return;
    for (const name of this.#dirty) {
      if (this.#busy.size >= this.#context.settings.parallelPatches) return;
      if (this.#busy.has(name)) continue;
      this.#dirty.delete(name);
      this.#busy.add(name);
      void this.#reconcile(name, signal).finally(() => {
        this.#busy.delete(name);
        this.#pump(signal);
      });
    }
  }

  async #reconcile(name: string, signal: AbortSignal): Promise<void> {
    const { ports } = this.#context;
    try {
      await this.#patchOnce(name, signal);
      this.#failures.delete(name);
    } catch (thrown) {
      if (signal.aborted) return;
      const error = asFeaturesealError(thrown, 'internal', 'a node could not be patched');
      ports.report.patchFailed(name, error.code, error.message);
      if (error.code === 'store-conflict') await this.#afterConflict(name, signal);
      else this.#later(name, signal);
    }
  }

  async #patchOnce(name: string, signal: AbortSignal): Promise<void> {
    const { ports, settings, objects } = this.#context;
    const view = this.#views.get(name);
    if (view === undefined) return;
    const [holdUntil, isCaughtUp] = [this.#context.holdUntil(), this.#context.isCaughtUp()];
    const now = ports.clock.now();
    const situation = { view, objects: objects.ofNode(name), settings, now, holdUntil, isCaughtUp };
    const { desired, problem } = desireFor(situation);
    if (problem !== undefined) ports.report.markProblem(view, problem);
    if (desired === undefined) return;
    const { patch, dropped } = planNode(view, desired);
    if (dropped.length > 0) ports.report.dropped(view, dropped);
    if (patch === undefined) return;
    // Labels and mark go in one patch: neither is ever ahead of the other (threats G3, G8).
    const answer = await ports.nodes.patch(view, patch, signal);
    // The watch may have told of a later write by then, which is not to be forgotten.
    if (!isOlder(answer.resourceVersion, this.#views.get(name)?.resourceVersion)) this.#take(answer);
    ports.report.patched(name, Object.keys(patch.labels).length);
  }

  async #afterConflict(name: string, signal: AbortSignal): Promise<void> {
    try {
      const view = await this.#context.ports.nodes.read(name, signal);
      // Gone, or another Node of that name: the watch tells, and all starts over.
      if (view === undefined || view.uid !== this.#views.get(name)?.uid) return;
      this.#take(view);
      if ((await this.#context.reverify(name)) === 0) this.#dirty.add(name);
    } catch {
      this.#later(name, signal);
    }
  }

  /** Tries again after a pause that doubles; for ever, because an API server comes back. */
  #later(name: string, signal: AbortSignal): void {
    const failures = this.#failures.get(name) ?? 0;
    this.#failures.set(name, failures + 1);
    const pause = Math.min(firstRetryMs * 2 ** failures, longestRetryMs);
    void this.#context.ports.clock.sleep(pause, signal).then(() => {
      this.touch(name, signal);
    });
  }
}
