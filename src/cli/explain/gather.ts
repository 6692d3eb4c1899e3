import { asFeaturesealError, FeaturesealError } from '../../error.ts';
import { nodeNameLabel } from '../../feature/node-feature.ts';
import type { ApiClient } from '../../kube/api-client.ts';
import { listPages } from '../../kube/lister.ts';
import { readNodeDetails, type NodeDetails } from '../../kube/node-details.ts';
import { readEvents, type ToldEvent } from '../../kube/read-events.ts';
import { nodeFeatures } from '../../kube/resources.ts';
import type { ObjectKey } from '../../port/node-feature-store.ts';
import { masterController } from '../../master/names.ts';
import type { Bundles } from '../../spiffe/bundle.ts';
import { readBundles } from '../bundles.ts';
import { policyFromCluster, policyFromFile, type InForce } from '../cluster/in-force.ts';
import { patientClient } from '../cluster/workload-api.ts';
import type { CliContext } from '../context.ts';
import { keyOfObject, type StoredObject } from './object.ts';

export interface ExplainFlags {
  readonly kubeconfig?: string;
  readonly socket?: string;
  readonly bundle?: readonly string[];
  readonly policy?: string;
  readonly output: 'table' | 'json';
}

/** Everything that is read for one node. */
export interface Facts {
  readonly node: NodeDetails;
  readonly objects: readonly StoredObject[];
  readonly events: readonly ToldEvent[];
  /** undefined: there was none to be read, and a note says why. */
  readonly inForce: InForce | undefined;
  readonly bundles: { readonly source: string; readonly bundles: Bundles } | undefined;
  /** What could not be had, in sentences. */
  readonly notes: readonly string[];
}

/**
 * Reads the Node, its NodeFeatures, policy, bundles and Events. What is given by hand must be right; what the cluster
 * does not give is noted.
 *
 * @throws FeaturesealError usage and the like for flags; store-* where the Node cannot be read
 */
export async function gather(
  name: string,
  flags: ExplainFlags,
  api: ApiClient,
  context: CliContext,
): Promise<Facts> {
  const notes: string[] = [];
  const orNote = async <T>(what: string, work: () => Promise<T>): Promise<T | undefined> => {
    try {
      return await work();
    } catch (thrown) {
      if (context.signal.aborted) throw thrown;
      notes.push(`${what}: ${asFeaturesealError(thrown, 'internal', 'failed').message}`);
      return undefined;
    }
  };
  const { signal } = context;
  const given = flags.policy === undefined ? undefined : await policyFromFile(flags.policy, context);
  const node = await readNodeDetails(api, name, signal);
  if (node === undefined) {
    throw new FeaturesealError({ code: 'node-unknown', message: `there is no Node ${JSON.stringify(name)}` });
  }
  const inForce = given ?? (await orNote('no policy', () => policyFromCluster(api, signal)));
  const bundles = await bundlesOf(flags, inForce, context, orNote);
  if (bundles === undefined && flags.socket === undefined)
    notes.push('no trust bundle is given (--socket or --bundle): seals are not verified');
  const objects = await orNote('NodeFeatures cannot be read', () => objectsOf(name, api, signal));
  const events = await orNote('Events cannot be read', () =>
    readEvents(api, { controller: masterController, name }, signal),
  );
  return { node, objects: objects ?? [], events: events ?? [], inForce, bundles, notes };
}

/** In mode enforce an object speaks of the node that it is named after; in the others its label says of which. */
async function objectsOf(
  name: string,
  api: ApiClient,
  signal: AbortSignal,
): Promise<readonly StoredObject[]> {
  const found = new Map<ObjectKey, StoredObject>();
  for (const selector of [
    { fieldSelector: `metadata.name=${name}` },
    { labelSelector: `${nodeNameLabel}=${name}` },
  ]) {
    for await (const { items } of listPages(api, { ...nodeFeatures, ...selector }, signal)) {
      for (const object of items) {
        const key = keyOfObject(object);
        if (key !== undefined) found.set(key, { key, object });
      }
    }
  }
  return [...found.values()].sort((a, b) => (a.key < b.key ? -1 : 1));
}

async function bundlesOf(
  { socket, bundle }: ExplainFlags,
  inForce: InForce | undefined,
  context: CliContext,
  orNote: <T>(what: string, work: () => Promise<T>) => Promise<T | undefined>,
): Promise<Facts['bundles']> {
  if (bundle !== undefined) {
    if (inForce === undefined) {
      const message = 'bundles are of use only with a policy; none could be read here, so give --policy FILE';
      throw new FeaturesealError({ code: 'usage', message });
    }
    return { source: bundle.join(', '), bundles: await readBundles(bundle, inForce.policy, context) };
  }
  const workloadApi = patientClient(socket, context);
  if (workloadApi === undefined) return undefined;
  const bundles = await orNote('no trust bundle', () =>
    workloadApi.ask((client, signal) => client.fetchX509Bundles(signal)),
  );
  return bundles === undefined ? undefined : { source: workloadApi.address, bundles };
}
