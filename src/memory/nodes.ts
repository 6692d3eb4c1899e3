import { FeaturesealError } from '../error.ts';
import type { NodeEvent, NodeKeys, NodePatch, NodeStore, NodeView } from '../port/node-store.ts';
import { aborted } from './node-features.ts';

/** Nodes in this process, with the API server's manners: UID and resourceVersion are preconditions of every patch. */
export class MemoryNodes implements NodeStore {
  readonly #nodes = new Map<string, NodeView>();
  readonly #listeners = new Set<(event: NodeEvent) => void>();
  #version = 0;

  /** Adds a Node, or another one of the same name. */
  add(name: string, created: Date, labels: Readonly<Record<string, string>> = {}): NodeView {
    const version = String(++this.#version);
    return this.#store({
      name,
      uid: `node-${version}`,
      resourceVersion: version,
      created,
      labels,
      annotations: {},
      byNfdMaster: { labels: new Set(), annotations: new Set() },
    });
  }

  get(name: string): NodeView | undefined {
    return this.#nodes.get(name);
  }

  delete(name: string): void {
    if (this.#nodes.delete(name)) this.#tell({ type: 'deleted', name });
  }

  async run(onEvent: (event: NodeEvent) => void, signal: AbortSignal): Promise<void> {
    for (const node of this.#nodes.values()) onEvent({ type: 'applied', node });
    onEvent({ type: 'synced' });
    this.#listeners.add(onEvent);
    await aborted(signal);
    this.#listeners.delete(onEvent);
  }

  read(name: string): Promise<NodeView | undefined> {
    return Promise.resolve(this.get(name));
  }

  patch(seen: NodeView, patch: NodePatch): Promise<NodeView> {
    const node = this.#nodes.get(seen.name);
    if (node?.uid !== seen.uid || node.resourceVersion !== seen.resourceVersion) {
      const message = 'the Node has changed meanwhile';
      return Promise.reject(new FeaturesealError({ code: 'store-conflict', message }));
    }
    return Promise.resolve(this.write(seen.name, patch));
  }

  /** Changes a Node without any precondition, as somebody with kubectl would, or an nfd-master. */
  write(name: string, patch: Partial<NodePatch>, by: 'anybody' | 'nfd-master' = 'anybody'): NodeView {
    const node = this.#nodes.get(name);
    if (node === undefined)
      throw new FeaturesealError({ code: 'store-refused', message: 'there is no such Node' });
    const resourceVersion = String(++this.#version);
    const written = {
      labels: patched(node.labels, patch.labels),
      annotations: patched(node.annotations, patch.annotations),
    };
    const byNfdMaster: NodeKeys = {
      labels: attributed(node, written, 'labels', by),
      annotations: attributed(node, written, 'annotations', by),
    };
    return this.#store({ ...node, resourceVersion, ...written, byNfdMaster });
  }

  #store(node: NodeView): NodeView {
    this.#nodes.set(node.name, node);
    this.#tell({ type: 'applied', node });
    return node;
  }

  #tell(event: NodeEvent): void {
    for (const listener of [...this.#listeners]) listener(event);
  }
}

/** JSON merge patch (RFC 7396) of a map of texts. */
function patched(
  map: Readonly<Record<string, string>>,
  patch: Readonly<Record<string, string | null>> = {},
): Readonly<Record<string, string>> {
  const merged = Object.entries({ ...map, ...patch });
  return Object.fromEntries(merged.filter((entry): entry is [string, string] => entry[1] !== null));
}

/** A key belongs to who gave it its value last: writing the same value again changes nothing. */
function attributed(
  before: NodeView,
  after: Pick<NodeView, 'labels' | 'annotations'>,
  part: keyof NodeKeys,
  by: 'anybody' | 'nfd-master',
): ReadonlySet<string> {
  const isTheirs = (key: string): boolean =>
    before[part][key] === after[part][key] ? before.byNfdMaster[part].has(key) : by === 'nfd-master';
  return new Set(Object.keys(after[part]).filter(isTheirs));
}
