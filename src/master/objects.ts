import type { ObjectKey } from '../port/node-feature-store.ts';
import { newObjectState, type ObjectState } from './object-state.ts';

/** All objects that the master remembers, by key and by node. */
export class Objects {
  readonly #states = new Map<ObjectKey, ObjectState>();
  readonly #byNode = new Map<string, Set<ObjectState>>();

  /** The state of an object, made where there is none. */
  at(key: ObjectKey): ObjectState {
    const known = this.#states.get(key);
    if (known !== undefined) return known;
    const state = newObjectState(key);
    this.#states.set(key, state);
    this.#index(state);
    return state;
  }

  find(key: ObjectKey): ObjectState | undefined {
    return this.#states.get(key);
  }

  all(): IterableIterator<ObjectState> {
    return this.#states.values();
  }

  ofNode(node: string): readonly ObjectState[] {
    return [...(this.#byNode.get(node) ?? [])];
  }

  /** Runs a change that may move the state to another node (modes audit and off: by its label). @returns both nodes */
  change(state: ObjectState, change: () => void): readonly string[] {
    const before = state.node;
    change();
    if (state.node === before) return [before];
    this.#byNode.get(before)?.delete(state);
    this.#index(state);
    return [before, state.node];
  }

  /** Forgets an object that is gone and contributes nothing. */
  forget(state: ObjectState): void {
    this.#states.delete(state.key);
    const siblings = this.#byNode.get(state.node);
    siblings?.delete(state);
    if (siblings?.size === 0) this.#byNode.delete(state.node);
  }

  #index(state: ObjectState): void {
    const siblings = this.#byNode.get(state.node) ?? new Set();
    siblings.add(state);
    this.#byNode.set(state.node, siblings);
  }
}
