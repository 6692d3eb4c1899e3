/** Keys of a Node's labels and annotations. */
export interface NodeKeys {
  readonly labels: ReadonlySet<string>;
  readonly annotations: ReadonlySet<string>;
}

/** The parts of a Node that the master reads. */
export interface NodeView {
  readonly name: string;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly created: Date;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  /** What has the value that an nfd-master gave it last, as the store itself noted; empty almost everywhere. */
  readonly byNfdMaster: NodeKeys;
}

/** One change of a Node's metadata; null removes a key. */
export interface NodePatch {
  readonly labels: Readonly<Record<string, string | null>>;
  readonly annotations: Readonly<Record<string, string | null>>;
}

export type NodeEvent =
  | { readonly type: 'applied'; readonly node: NodeView }
  | { readonly type: 'deleted'; readonly name: string }
  | { readonly type: 'synced' };

/** The Nodes of the cluster. */
export interface NodeStore {
  /** Feeds until `signal` aborts; re-connects by itself, for ever. */
  run(onEvent: (event: NodeEvent) => void, signal: AbortSignal): Promise<void>;
  /** The Node as the server has it now; undefined where there is none. */
  read(name: string, signal: AbortSignal): Promise<NodeView | undefined>;
  /**
   * One patch under UID and resourceVersion of `seen` as preconditions; resolves with the Node as stored.
   * Throws store-conflict where the Node changed meanwhile: read, verify again, never re-send.
   */
  patch(seen: NodeView, patch: NodePatch, signal: AbortSignal): Promise<NodeView>;
}
