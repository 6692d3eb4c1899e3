import type { ReasonCode } from '../../error-codes.ts';
import { asFeaturesealError } from '../../error.ts';
import { listPages } from '../../kube/lister.ts';
import { writersOf, type Writers } from '../../kube/node-details.ts';
import { nodeView } from '../../kube/nodes.ts';
import { readEvents } from '../../kube/read-events.ts';
import { nodeFeatures, nodeFeaturesIn, nodes } from '../../kube/resources.ts';
import type { ObjectKey } from '../../port/node-feature-store.ts';
import type { NodeView } from '../../port/node-store.ts';
import { markAnnotation, readMark } from '../../seal/mark.ts';
import { entryFor } from '../../seal/policy.ts';
import { SealTrust } from '../../seal/trust.ts';
import { verifyParsed } from '../../seal/verify.ts';
import { masterController } from '../../master/names.ts';
import type { InForce } from '../cluster/in-force.ts';
import { keyOfObject } from '../explain/object.ts';
import { failed, listed, notChecked, ok, warning, type Check, type Finding } from './check.ts';
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

/** Each Node has an object of its worker. */
export const nodesCovered: Check = {
  name: 'nodes',
  about: "Every Linux Node has a NodeFeature in the worker's namespace.",
  needsCluster: true,
  async look(world) {
    const namespace = (await world.worker())?.namespace ?? (await world.namespace());
    const names = new Set<string>();
    for await (const { items } of listPages(world.api, nodeFeaturesIn(namespace), world.context.signal)) {
      for (const object of items) names.add(keyOfObject(object)?.slice(namespace.length + 1) ?? '');
    }
    // The worker is for Linux.
    const views = (await nodesOf(world)).map(({ view }) => view);
    const all = views.filter(({ labels }) => (labels['kubernetes.io/os'] ?? 'linux') === 'linux');
    const bare = all.map(({ name }) => name).filter((name) => !names.has(name));
    if (bare.length === 0) return ok(`all ${String(all.length)} Nodes have a NodeFeature in ${namespace}`);
    return warning(
      `${String(bare.length)} of ${String(all.length)} Nodes have no NodeFeature in ${namespace}: ${listed(bare)}`,
      `does a worker run there: kubectl -n ${namespace} get pods -o wide; what does its log say`,
    );
  },
};

interface Refused {
  readonly key: ObjectKey;
  readonly code: ReasonCode;
  /** The policy names its namespace: somebody was meant to be believed there. */
  readonly isExpected: boolean;
}

/** Every NodeFeature that stands there now, judged as the master does. */
export const objectsAccepted: Check = {
  name: 'node-features',
  about:
    'Every NodeFeature verifies as the master judges; without bundles, masters told of no refusal by Events.',
  needsCluster: true,
  async look(world): Promise<Finding> {
    const [inForce, bundles] = [await world.inForce(), await world.bundles()];
    if (inForce === undefined || bundles === undefined) return byEvents(world);
    const { total, refused } = await judgeAll(world, inForce, bundles);
    if (refused.length === 0) return ok(`all ${String(total)} NodeFeatures verify`);
    const shown = listed(refused.map(({ key, code }) => `${key} (${code})`));
    const message = `${String(refused.length)} of ${String(total)} NodeFeatures are refused: ${shown}`;
    const advice = 'featureseal explain NODE says why';
    return refused.some(({ isExpected }) => isExpected) ? failed(message, advice) : warning(message, advice);
  },
};

async function judgeAll(
  world: World,
  { policy, maxAgeMs }: InForce,
  bundles: NonNullable<Awaited<ReturnType<World['bundles']>>>,
): Promise<{ readonly total: number; readonly refused: readonly Refused[] }> {
  const { api, context } = world;
  const { signal, clock, crypto } = context;
  const views = new Map((await nodesOf(world)).map(({ view }) => [view.name, view]));
  const trust = new SealTrust(crypto);
  const refused: Refused[] = [];
  let total = 0;
  for await (const { items } of listPages(api, nodeFeatures, signal)) {
    for (const object of items) {
      const key = keyOfObject(object);
      if (key === undefined) continue;
      total += 1;
      const [namespace, name] = [key.slice(0, key.indexOf('/')), key.slice(key.indexOf('/') + 1)];
      const node = views.get(name);
      const now = clock.now();
      const accepted =
        node === undefined
          ? undefined
          : readMark(node.annotations[markAnnotation], {
              uid: node.uid,
              now,
              maxAge: maxAgeMs,
            }).mark.objects.get(key);
      const isExpected = entryFor(policy, namespace) !== undefined;
      try {
        await verifyParsed(object, {
          bundles,
          policy,
          now: new Date(now),
          accepted,
          nodeCreated: node?.created,
          maxAge: maxAgeMs,
          trust,
          crypto,
        });
      } catch (thrown) {
        refused.push({
          key,
          isExpected,
          code: asFeaturesealError(thrown, 'internal', 'a judgement failed').code,
        });
      }
    }
  }
  return { total, refused };
}

/** Without bundles or policy, what masters told within the last hour: the server forgets Events after that. */
async function byEvents({ api, context: { signal } }: World): Promise<Finding> {
  const events = await readEvents(api, { controller: masterController }, signal);
  const refusals = events.filter(({ reason }) => reason === 'NodeFeatureRefused');
  if (refusals.length === 0)
    return notChecked('there is no bundle or no policy to verify with; no Event of a refusal either');
  const shown = listed([...new Set(refusals.map(({ about }) => about))]);
  return warning(`masters refused within the last hour: ${shown}`, 'featureseal explain NODE says why');
}
