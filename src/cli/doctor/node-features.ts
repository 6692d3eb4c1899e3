import type { ReasonCode } from '../../error-codes.ts';
import { asFeaturesealError } from '../../error.ts';
import { listPages } from '../../kube/lister.ts';
import { readEvents } from '../../kube/read-events.ts';
import { nodeFeatures } from '../../kube/resources.ts';
import { masterController } from '../../master/names.ts';
import type { ObjectKey } from '../../port/node-feature-store.ts';
import { markAnnotation, readMark } from '../../seal/mark.ts';
import { entryFor } from '../../seal/policy.ts';
import { SealTrust } from '../../seal/trust.ts';
import { verifyParsed } from '../../seal/verify.ts';
import type { InForce } from '../cluster/in-force.ts';
import { keyOfObject } from '../explain/object.ts';
import { failed, listed, notChecked, ok, warning, type Check, type Finding } from './check.ts';
import { keysOf, nodesOf } from './nodes.ts';
import type { World } from './world.ts';

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
async function byEvents(world: World): Promise<Finding> {
  const { api, context } = world;
  const events = await readEvents(api, { controller: masterController }, context.signal);
  const keys = await keysOf(nodeFeatures, world);
  // What is gone is nobody's trouble any more, though its Events stay for an hour.
  const refusals = events.filter(
    ({ reason, namespace, name }) => reason === 'NodeFeatureRefused' && keys.has(`${namespace}/${name}`),
  );
  if (refusals.length === 0)
    return notChecked('there is no bundle or no policy to verify with; no Event of a refusal either');
  const shown = listed([...new Set(refusals.map(({ about }) => about))]);
  return warning(`masters refused within the last hour: ${shown}`, 'featureseal explain NODE says why');
}
