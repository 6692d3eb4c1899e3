import { z } from 'zod';
import type { NodeView } from '../port/node-store.ts';
import type { ApiClient } from './api-client.ts';
import { managedKeysOf } from './managed-fields.ts';
import { nodeView } from './nodes.ts';
import { nodes, objectPath } from './resources.ts';

const detailsShape = z.object({
  spec: z
    .object({
      taints: z
        .array(z.object({ key: z.string(), value: z.string().default(''), effect: z.string() }))
        .default([]),
    })
    .prefault({}),
  status: z.object({ capacity: z.record(z.string(), z.string()).default({}) }).prefault({}),
});

/** Who wrote a field last. */
export interface Writer {
  readonly manager: string;
  /** RFC 3339, in whole seconds; empty where the server does not say. */
  readonly time: string;
}

/** Writers of a Node's labels and annotations by key. */
export interface Writers {
  readonly labels: ReadonlyMap<string, Writer>;
  readonly annotations: ReadonlyMap<string, Writer>;
}

/** A Node with what is beyond its metadata. */
export interface NodeDetails {
  readonly view: NodeView;
  readonly writers: Writers;
  readonly taints: readonly { readonly key: string; readonly value: string; readonly effect: string }[];
  /** `status.capacity`: quantities by resource. */
  readonly capacity: Readonly<Record<string, string>>;
}

/** The whole Node; undefined where there is none. */
export async function readNodeDetails(
  api: ApiClient,
  name: string,
  signal: AbortSignal,
): Promise<NodeDetails | undefined> {
  const { status, json } = await api.request({ path: objectPath(nodes, name), signal, expect: [404] });
  if (status === 404) return undefined;
  const { spec, status: state } = detailsShape.parse(json);
  return { view: nodeView(json), writers: writersOf(json), taints: spec.taints, capacity: state.capacity };
}

/** From `managedFields`; empty where the server keeps none. */
export function writersOf(node: unknown): Writers {
  const managed = managedKeysOf(node);
  const byKey = (part: 'labels' | 'annotations'): ReadonlyMap<string, Writer> =>
    new Map(
      managed.flatMap(({ manager, time, [part]: keys }) =>
        keys.map((key) => [key, { manager, time }] as const),
      ),
    );
  return { labels: byKey('labels'), annotations: byKey('annotations') };
}
