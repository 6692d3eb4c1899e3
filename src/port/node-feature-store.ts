import type { NodeFeature } from '../feature/node-feature.ts';

/** `namespace/name` of an object. */
export type ObjectKey = `${string}/${string}`;

/** What a watch tells. Objects are as the server sent them, parsed from JSON and not yet trusted. */
export type FeedEvent =
  | { readonly type: 'applied'; readonly key: ObjectKey; readonly object: unknown }
  | { readonly type: 'deleted'; readonly key: ObjectKey }
  /** A complete list was read: every object that exists has been told of as `applied` before this. */
  | { readonly type: 'synced'; readonly keys: ReadonlySet<ObjectKey> };

/** Takes an event in; the feed reads on when it has. */
export type FeedListener = (event: FeedEvent) => void | Promise<void>;

/** All NodeFeatures, as the master sees them. */
export interface NodeFeatureFeed {
  /** Feeds until `signal` aborts; re-connects by itself, for ever. Events of one object keep their order. */
  run(onEvent: FeedListener, signal: AbortSignal): Promise<void>;
  /** One object as stored now, parsed but not trusted; undefined where there is none. Throws store-unavailable. */
  read(key: ObjectKey, signal: AbortSignal): Promise<unknown>;
}

/** One worker's own object. Failures are FeaturesealErrors with code store-conflict, store-unavailable or store-refused. */
export interface OwnNodeFeature {
  /** The stored object, parsed but not trusted; undefined where there is none. */
  read(signal: AbortSignal): Promise<unknown>;
  /** Creates it; resolves with what the server stored. */
  create(object: NodeFeature, signal: AbortSignal): Promise<unknown>;
  /** Replaces it whole, under the resourceVersion in `object`; resolves with what the server stored. */
  replace(object: NodeFeature, signal: AbortSignal): Promise<unknown>;
  /** Tells of every change of this one object until `signal` aborts; undefined: it is gone. */
  watch(onChange: (object: unknown) => void, signal: AbortSignal): Promise<void>;
}
