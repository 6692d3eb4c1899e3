import { posix } from 'node:path';
import { z } from 'zod';
import type { Writers } from '../../kube/node-details.ts';
import { listObjects } from '../../kube/objects.ts';
import { listDaemonSets, listDeployments, type Workload } from '../../kube/workloads.ts';
import { trackingAnnotation } from '../../rule/tracking.ts';
import { markAnnotation } from '../../seal/mark.ts';
import { failed, listed, ok, warning, type Check } from './check.ts';
import { nodesOf } from './nodes.ts';

const nfdLease = 'nfd-master.nfd.kubernetes.io';
const leaseShape = z.object({
  metadata: z.object({ namespace: z.string() }),
  spec: z.object({ holderIdentity: z.string().default(''), renewTime: z.string().default('') }).prefault({}),
});
/** NFD renews every few seconds; older than this, nobody does any more. */
const renewedWithinMs = 60_000;

/**
 * An nfd-master ignores seals: what Featureseal refuses, it writes. Known by its command, by its Lease, and by what it
 * leaves on Nodes that Featureseal has marked.
 */
export const foreignMasters: Check = {
  name: 'foreign-master',
  about: 'No nfd-master is at work: no Deployment, no Lease in use, no write over what Featureseal wrote.',
  needsCluster: true,
  async look(world) {
    const { api, context } = world;
    const { signal } = context;
    const masters = (await listDeployments(api, undefined, signal)).filter(runs('nfd-master'));
    const workers = (await listDaemonSets(api, undefined, signal)).filter(runs('nfd-worker'));
    const leases = await listObjects(
      api,
      { path: '/apis/coordination.k8s.io/v1/leases', fieldSelector: `metadata.name=${nfdLease}` },
      leaseShape,
      signal,
    );
    const held = leases.filter(
      ({ spec }) =>
        spec.holderIdentity !== '' && context.clock.now() - Date.parse(spec.renewTime) < renewedWithinMs,
    );
    const rewritten = (await nodesOf(world)).filter(
      ({ view, writers }) => view.annotations[markAnnotation] !== undefined && isRewritten(writers),
    );
    const found = [
      ...masters
        .filter(({ wanted }) => wanted > 0)
        .map(({ namespace, name }) => `Deployment ${namespace}/${name}`),
      ...held.map(
        ({ metadata, spec }) => `${spec.holderIdentity} holds the Lease ${metadata.namespace}/${nfdLease}`,
      ),
      ...(rewritten.length === 0
        ? []
        : [`it wrote labels of ${listed(rewritten.map(({ view }) => view.name))} after Featureseal`]),
    ];
    if (found.length > 0) {
      const scale = masters
        .map(({ namespace, name }) => `kubectl -n ${namespace} scale deployment ${name} --replicas=0`)
        .join('; ');
      return failed(
        `an nfd-master is at work, and ignores seals: ${found.join('; ')}`,
        `${scale === '' ? 'stop it' : scale}; never run both on one cluster`,
      );
    }
    if (workers.length > 0) {
      const mode = (await world.inForce())?.policy.mode ?? 'enforce';
      const names = workers.map(({ namespace, name }) => `${namespace}/${name}`).join(', ');
      return warning(
        `nfd-worker runs (${names}): its NodeFeatures have no seal and ${mode === 'enforce' ? 'are refused' : `count in mode ${mode} alone`}`,
        'remove its DaemonSet, then its NodeFeatures',
      );
    }
    return ok('no nfd-master is at work');
  },
};

/** What it tracked before and Featureseal tracks, too, stays its own in the server's notes: those are older than the mark. */
function isRewritten({ annotations }: Writers): boolean {
  const [tracked, marked] = [annotations.get(trackingAnnotation), annotations.get(markAnnotation)];
  return tracked?.manager === 'nfd-master' && !(tracked.time < (marked?.time ?? ''));
}

function runs(program: string): (workload: Workload) => boolean {
  return ({ pod }) =>
    pod.containers.some(({ command, args }) =>
      [...command, ...args].some((word) => posix.basename(word) === program),
    );
}
