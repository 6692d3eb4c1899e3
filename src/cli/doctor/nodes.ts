import { listPages } from '../../kube/lister.ts';
import { writersOf, type Writers } from '../../kube/node-details.ts';
import { nodeView } from '../../kube/nodes.ts';
import { nodeFeaturesIn, nodes, type Resource } from '../../kube/resources.ts';
import type { ObjectKey } from '../../port/node-feature-store.ts';
import type { NodeView } from '../../port/node-store.ts';
import { keyOfObject } from '../explain/object.ts';
import { listed, ok, warning, type Check } from './check.ts';
import type { World } from './world.ts';

/** The Nodes, without spec and status. */
export async function nodesOf({
  api,
  context: { signal },
}: World): Promise<readonly { readonly view: NodeView; readonly writers: Writers }[]> {
  const found: { readonly view: NodeView; readonly writers: Writers }[] = [];
  for await (const { items } of listPages(api, nodes, signal)) {
    found.push(...items.map((node) => ({ view: nodeView(node), writers: writersOf(node) })));
  }
  return found;
}

/** The objects that a list holds. */
export async function keysOf(
  list: Resource,
  { api, context: { signal } }: World,
): Promise<ReadonlySet<ObjectKey>> {
  const keys = new Set<ObjectKey>();
  for await (const { items } of listPages(api, list, signal)) {
    for (const object of items) {
      const key = keyOfObject(object);
      if (key !== undefined) keys.add(key);
    }
  }
  return keys;
}

/** Each Node has an object of its worker. */
export const nodesCovered: Check = {
  name: 'nodes',
  about: "Every Linux Node has a NodeFeature in the worker's namespace.",
  needsCluster: true,
  async look(world) {
    const namespace = await world.workerNamespace();
    const keys = await keysOf(nodeFeaturesIn(namespace), world);
    // The worker is for Linux.
    const views = (await nodesOf(world)).map(({ view }) => view);
    const all = views.filter(({ labels }) => (labels['kubernetes.io/os'] ?? 'linux') === 'linux');
    const bare = all.map(({ name }) => name).filter((name) => !keys.has(`${namespace}/${name}`));
    if (bare.length === 0) return ok(`all ${String(all.length)} Nodes have a NodeFeature in ${namespace}`);
    return warning(
      `${String(bare.length)} of ${String(all.length)} Nodes have no NodeFeature in ${namespace}: ${listed(bare)}`,
      `does a worker run there: kubectl -n ${namespace} get pods -o wide; what does its log say`,
    );
  },
};
