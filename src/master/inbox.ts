import type { ObjectKey } from '../port/node-feature-store.ts';

/** Unverified events of one object that may wait. */
const mostWaiting = 4;
/** Objects that may wait before the feed should. */
const mostObjects = 64;

/**
 * Objects that wait to be judged. Each object has a short queue of its own and objects take turns, so that a flood of
 * writes to one object delays no other node (threat E4); every event is judged before events are coalesced, so that an
 * old object between two new ones cannot freeze a node.
 */
export class Inbox {
  readonly #queues = new Map<ObjectKey, unknown[]>();

  /** @returns false where the oldest waiting event of the object had to be dropped */
  push(key: ObjectKey, object: unknown): boolean {
    const queue = this.#queues.get(key) ?? [];
    queue.push(object);
    this.#queues.set(key, queue);
    if (queue.length <= mostWaiting) return true;
    queue.shift();
    return false;
  }

  /** The next event of the object whose turn it is. */
  take(): { key: ObjectKey; object: unknown } | undefined {
    const turn = this.#queues.entries().next();
    if (turn.done === true) return undefined;
    const [key, queue] = turn.value;
    const object = queue.shift();
    // Back to the end of the line, or out of it.
    this.#queues.delete(key);
    if (queue.length > 0) this.#queues.set(key, queue);
    return { key, object };
  }

  /** True where the feed should wait; objects count, so one object's flood holds up nobody. */
  isFull(): boolean {
    return this.#queues.size >= mostObjects;
  }

  isEmpty(): boolean {
    return this.#queues.size === 0;
  }

  /** Forgets what waits of objects that are not among `keys`. */
  dropAllBut(keys: ReadonlySet<ObjectKey>): void {
    for (const key of this.#queues.keys()) if (!keys.has(key)) this.#queues.delete(key);
  }

  /** Forgets what waits of an object that is gone. */
  drop(key: ObjectKey): void {
    this.#queues.delete(key);
  }
}
