import { FeaturesealError } from '../error.ts';
import { isObject, ownMember, type UnknownObject } from '../feature/guard.ts';
import type { NodeEvent, NodeKeys, NodePatch, NodeStore, NodeView } from '../port/node-store.ts';
import { managedKeysOf } from './managed-fields.ts';
import { malformed, metadataOf } from './metadata.ts';
import type { StoreOptions } from './node-features.ts';
import { Reflector } from './reflector.ts';
import { nodes, objectPath } from './resources.ts';

export interface KubeNodesOptions extends StoreOptions {
  /** Stands in managedFields as who wrote labels and annotations. */
  readonly fieldManager: string;
}

/** The Nodes of the cluster; only their metadata is read. */
export class KubeNodes implements NodeStore {
  readonly #options: KubeNodesOptions;

  constructor(options: KubeNodesOptions) {
    this.#options = options;
  }

  async run(onEvent: (event: NodeEvent) => void, signal: AbortSignal): Promise<void> {
    const reflector = new Reflector({ ...this.#options, resource: nodes });
    const names = new Set<string>();
    await reflector.run((event) => {
      if (event.type === 'applied') {
        names.add(event.key);
        onEvent({ type: 'applied', node: nodeView(event.object) });
      } else if (event.type === 'deleted') {
        names.delete(event.key);
        onEvent({ type: 'deleted', name: event.key });
      } else {
        // Deleted while the watch was away: no event told of it.
        for (const name of [...names].filter((known) => !event.keys.has(known))) {
          names.delete(name);
          onEvent({ type: 'deleted', name });
        }
        onEvent({ type: 'synced' });
      }
    }, signal);
  }

  async read(name: string, signal: AbortSignal): Promise<NodeView | undefined> {
    const { status, json } = await this.#options.api.request({
      path: objectPath(nodes, name),
      ...acceptOne,
      signal,
      expect: [404],
    });
    return status === 404 ? undefined : nodeView(json);
  }

  /**
   * A JSON merge patch (RFC 7396). UID and resourceVersion in it are preconditions: the API server answers 409 where
   * they are not those of the stored Node, and that also stops the patch of a master that lost its lease meanwhile.
   */
  async patch(seen: NodeView, { labels, annotations }: NodePatch, signal: AbortSignal): Promise<NodeView> {
    const { api, fieldManager } = this.#options;
    const { uid, resourceVersion } = seen;
    const { status, json } = await api.request({
      method: 'PATCH',
      path: objectPath(nodes, seen.name),
      query: { fieldManager },
      contentType: 'application/merge-patch+json',
      body: { metadata: { uid, resourceVersion, labels, annotations } },
      ...acceptOne,
      signal,
      expect: [404],
    });
    if (status !== 404) return nodeView(json);
    throw new FeaturesealError({ code: 'store-conflict', message: 'the Node is gone' });
  }
}

const acceptOne = nodes.acceptOne === undefined ? {} : { accept: nodes.acceptOne };

/**
 * What the master reads of a Node, from the whole object or its metadata.
 *
 * @throws FeaturesealError object-malformed
 */
export function nodeView(object: unknown): NodeView {
  const { name, uid, resourceVersion, members } = metadataOf(object);
  const created = ownMember(members, 'creationTimestamp');
  const date = new Date(typeof created === 'string' ? created : Number.NaN);
  if (Number.isNaN(date.getTime())) throw malformed('a Node without creationTimestamp');
  return {
    name,
    uid,
    resourceVersion,
    created: date,
    labels: textMap(members, 'labels'),
    annotations: textMap(members, 'annotations'),
    byNfdMaster: keysOfNfdMaster(object),
  };
}

const noKeys: NodeKeys = { labels: new Set(), annotations: new Set() };

/** A client that names no field manager is noted by the name of its program. */
function keysOfNfdMaster(node: unknown): NodeKeys {
  const managed = managedKeysOf(node, 'nfd-master');
  if (managed.length === 0) return noKeys;
  return {
    labels: new Set(managed.flatMap(({ labels }) => labels)),
    annotations: new Set(managed.flatMap(({ annotations }) => annotations)),
  };
}

function textMap(members: UnknownObject, key: string): Readonly<Record<string, string>> {
  const map = ownMember(members, key) ?? {};
  if (!isObject(map)) throw malformed(`a Node whose ${key} are no map`);
  const entries = Object.entries(map).filter(
    (entry): entry is [string, string] => typeof entry[1] === 'string',
  );
  return Object.fromEntries(entries);
}
