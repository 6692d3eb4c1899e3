import type { NodeFeature } from '../feature/node-feature.ts';
import type { FeedListener, NodeFeatureFeed, ObjectKey, OwnNodeFeature } from '../port/node-feature-store.ts';
import type { ApiClient } from './api-client.ts';
import { Reflector, type ReflectorOptions } from './reflector.ts';
import { nodeFeatures, nodeFeaturesIn, objectPath, type Resource } from './resources.ts';

/** What the stores of this folder are made of. */
export type StoreOptions = Omit<ReflectorOptions, 'resource'>;

/** All NodeFeatures of the cluster. */
export class KubeNodeFeatures implements NodeFeatureFeed {
  readonly #options: StoreOptions;

  constructor(options: StoreOptions) {
    this.#options = options;
  }

  async run(onEvent: FeedListener, signal: AbortSignal): Promise<void> {
    const reflector = new Reflector({ ...this.#options, resource: nodeFeatures });
    await reflector.run((event) => {
      // NodeFeatures have namespaces, so every key has two parts; the compiler cannot know.
      return event.type === 'synced'
        ? onEvent({ type: 'synced', keys: event.keys as ReadonlySet<ObjectKey> })
        : onEvent({ ...event, key: event.key as ObjectKey });
    }, signal);
  }

  async read(key: ObjectKey, signal: AbortSignal): Promise<unknown> {
    const slash = key.indexOf('/');
    return readOne(this.#options.api, nodeFeaturesIn(key.slice(0, slash)), key.slice(slash + 1), signal);
  }
}

export interface OwnNodeFeatureOptions extends StoreOptions {
  readonly namespace: string;
  readonly name: string;
  /** Stands in managedFields as who wrote the object. */
  readonly fieldManager: string;
}

/** One worker's own object. It is always written whole: apply and merge patches would let others' keys survive. */
export class KubeOwnNodeFeature implements OwnNodeFeature {
  readonly #options: OwnNodeFeatureOptions;
  readonly #resource: Resource;
  /** A field that the installed CRD does not know is refused, and not dropped in silence: without it no seal would verify. */
  readonly #query: Readonly<Record<string, string>>;

  constructor(options: OwnNodeFeatureOptions) {
    this.#options = options;
    this.#resource = { ...nodeFeaturesIn(options.namespace), fieldSelector: `metadata.name=${options.name}` };
    this.#query = { fieldManager: options.fieldManager, fieldValidation: 'Strict' };
  }

  async read(signal: AbortSignal): Promise<unknown> {
    return readOne(this.#options.api, this.#resource, this.#options.name, signal);
  }

  async create(object: NodeFeature, signal: AbortSignal): Promise<unknown> {
    const { path } = this.#resource;
    const { json } = await this.#options.api.request({
      method: 'POST',
      path,
      query: this.#query,
      body: object,
      signal,
    });
    return json;
  }

  async replace(object: NodeFeature, signal: AbortSignal): Promise<unknown> {
    const path = objectPath(this.#resource, this.#options.name);
    const { json } = await this.#options.api.request({
      method: 'PUT',
      path,
      query: this.#query,
      body: object,
      signal,
    });
    return json;
  }

  async watch(onChange: (object: unknown) => void, signal: AbortSignal): Promise<void> {
    const { namespace, name } = this.#options;
    const reflector = new Reflector({ ...this.#options, resource: this.#resource });
    await reflector.run((event) => {
      if (event.type === 'applied') onChange(event.object);
      else if (event.type === 'deleted' || !event.keys.has(`${namespace}/${name}`)) onChange(undefined);
    }, signal);
  }
}

async function readOne(
  api: ApiClient,
  resource: Resource,
  name: string,
  signal: AbortSignal,
): Promise<unknown> {
  const { status, json } = await api.request({ path: objectPath(resource, name), signal, expect: [404] });
  return status === 404 ? undefined : json;
}
