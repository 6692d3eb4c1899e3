import { isOlder } from '../kube/resource-version.ts';
import type { NodeView } from '../port/node-store.ts';
import { markAnnotation } from '../seal/mark.ts';

/**
 * What an nfd-master changed between two looks at a Node that has been ours: it ignores seals, so its labels may be what
 * was refused here. Only what the API server itself notes counts, and only what was seen to happen: whom it names for a
 * key, and that the key had another value before. So this is empty for our own writes, for edits by hand, of the
 * tracking annotations too, and for what an nfd-master left behind before this process began, however long it is gone.
 */
export function writtenByNfdMaster(before: NodeView, now: NodeView): readonly string[] {
  // Another Node of that name, or one that no verified object has spoken of: until then NFD's labels stay on purpose.
  if (before.uid !== now.uid || before.annotations[markAnnotation] === undefined) return [];
  // A watch tells late of what was read, or overwritten, meanwhile.
  if (isOlder(now.resourceVersion, before.resourceVersion)) return [];
  const changed = (part: 'labels' | 'annotations'): readonly string[] =>
    [...now.byNfdMaster[part]].filter((key) => before[part][key] !== now[part][key]);
  return [...changed('annotations'), ...changed('labels')];
}

/** An nfd-master looks at every Node once an hour: who kept still for two hours was stopped, and began anew. */
const stillMs = 2 * 60 * 60_000;

/** Which Nodes an nfd-master is writing to, so that each is told of once, not at each write. */
export class ForeignWrites {
  readonly #lastAt = new Map<string, number>();

  /** @param now milliseconds since the epoch @returns true where it is the first one, or the first after a long time */
  note(node: string, now: number): boolean {
    const lastAt = this.#lastAt.get(node);
    this.#lastAt.set(node, now);
    return lastAt === undefined || now - lastAt >= stillMs;
  }

  forget(node: string): void {
    this.#lastAt.delete(node);
  }

  forgetAll(): void {
    this.#lastAt.clear();
  }
}
