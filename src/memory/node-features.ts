import { FeaturesealError } from '../error.ts';
import { isObject, ownMember } from '../feature/guard.ts';
import type { NodeFeature } from '../feature/node-feature.ts';
import type {
  FeedEvent,
  FeedListener,
  NodeFeatureFeed,
  ObjectKey,
  OwnNodeFeature,
} from '../port/node-feature-store.ts';

/**
 * NodeFeatures in this process, with the API server's manners: text in, text out, resourceVersion as precondition,
 * watchers told in order. What the demo and the tests write to when they play an attacker.
 */
export class MemoryNodeFeatures implements NodeFeatureFeed {
  readonly #objects = new Map<ObjectKey, string>();
  readonly #listeners = new Set<FeedListener>();
  #version = 0;

  /** The stored object as its own copy; undefined where there is none. */
  get(key: ObjectKey): unknown {
    const text = this.#objects.get(key);
    return text === undefined ? undefined : JSON.parse(text);
  }

  /** Writes an object whatever it holds, as somebody with every right would. @returns what is stored */
  put(object: NodeFeature): unknown {
    const { namespace, name } = object.metadata;
    const key: ObjectKey = `${namespace}/${name}`;
    const version = String(++this.#version);
    const uid = uidOf(this.get(key)) ?? `uid-${version}`;
    const metadata = { ...object.metadata, uid, resourceVersion: version };
    this.#objects.set(key, JSON.stringify({ ...object, metadata }));
    this.#tell({ type: 'applied', key, object: this.get(key) });
    return this.get(key);
  }

  delete(key: ObjectKey): void {
    if (this.#objects.delete(key)) this.#tell({ type: 'deleted', key });
  }

  async run(onEvent: FeedListener, signal: AbortSignal): Promise<void> {
    for (const key of this.#objects.keys()) void onEvent({ type: 'applied', key, object: this.get(key) });
    void onEvent({ type: 'synced', keys: new Set(this.#objects.keys()) });
    this.#listeners.add(onEvent);
    await aborted(signal);
    this.#listeners.delete(onEvent);
  }

  read(key: ObjectKey): Promise<unknown> {
    return Promise.resolve(this.get(key));
  }

  /** The store of the worker whose object this is. */
  own(key: ObjectKey): OwnNodeFeature {
    return {
      read: () => this.read(key),
      create: async (object) => {
        if (this.#objects.has(key)) throw conflict('the object exists already');
        return Promise.resolve(this.put(object));
      },
      replace: async (object) => {
        const stored = this.get(key);
        if (versionOf(stored) !== object.metadata.resourceVersion)
          throw conflict('the object has changed meanwhile');
        return Promise.resolve(this.put(object));
      },
      watch: (onChange, signal) =>
        this.run((event) => {
          if (event.type === 'synced') onChange(this.get(key));
          else if (event.key === key) onChange(event.type === 'applied' ? event.object : undefined);
        }, signal),
    };
  }

  #tell(event: FeedEvent): void {
    // A copy each: no two readers share an object, as with a real server.
    for (const listener of [...this.#listeners]) void listener(structuredClone(event));
  }
}

/** Resolves when the signal aborts. */
export async function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise((resolve) => {
    signal.addEventListener('abort', resolve, { once: true });
  });
}

function conflict(message: string): FeaturesealError {
  return new FeaturesealError({ code: 'store-conflict', message });
}

function uidOf(object: unknown): string | undefined {
  return metadataText(object, 'uid');
}

function versionOf(object: unknown): string | undefined {
  return metadataText(object, 'resourceVersion');
}

function metadataText(object: unknown, key: string): string | undefined {
  const metadata = isObject(object) ? ownMember(object, 'metadata') : undefined;
  const value = isObject(metadata) ? ownMember(metadata, key) : undefined;
  return typeof value === 'string' ? value : undefined;
}
