import { FeaturesealError } from '../../error.ts';
import { fillTemplate } from '../../seal/id-template.ts';
import type { Policy } from '../../seal/policy.ts';
import { rootsOf } from '../../spiffe/bundle.ts';
import { trustDomainsOf } from '../bundles.ts';
import { failed, notChecked, ok, warning, type Check, type Finding } from './check.ts';

const none =
  'no Workload API is given (--socket, or SPIFFE_ENDPOINT_SOCKET); try it in a pod of worker or master';

/** The socket is there and speaks the Workload API. */
export const workloadApi: Check = {
  name: 'workload-api',
  about: 'The socket is there and gives trust bundles.',
  needsCluster: false,
  async look({ workloadApi: asked }) {
    if (asked === undefined) return notChecked(none);
    try {
      await asked.ask((client, signal) => client.fetchX509Bundles(signal));
    } catch (thrown) {
      const error = thrown instanceof FeaturesealError ? thrown : undefined;
      // Refusing bundles is an answer; whether that is right the next checks say.
      if (error === undefined || error.code === 'aborted') throw thrown;
      if (error.code !== 'workload-api-denied') {
        return failed(error.message, 'is the csi.spiffe.io volume mounted, does the agent of this node run');
      }
      return failed(
        `${asked.address} answers, but gives no bundles: ${error.message}`,
        'a master needs allow_unauthenticated_verifiers = true in the SPIRE agent, or an identity of its own (overlay default brings it); run doctor in its pod to see which it has',
      );
    }
    return ok(`${asked.address} answers`);
  },
};

/** What this process would sign with, if it were a worker. */
export const identity: Check = {
  name: 'identity',
  about:
    "What this process would sign with fits a template of the policy, in a worker's pod for its very node.",
  needsCluster: false,
  async look({ workloadApi: asked, inForce, context: { env } }): Promise<Finding> {
    if (asked === undefined) return notChecked(none);
    const node = env['NODE_NAME'];
    const isWorker = node !== undefined && node !== '';
    let ids: readonly string[];
    try {
      const svids = await asked.ask((client, signal) => client.fetchX509Svids(signal));
      ids = svids.map(({ spiffeId }) => spiffeId);
    } catch (thrown) {
      if (!(thrown instanceof FeaturesealError)) throw thrown;
      if (thrown.code !== 'workload-api-denied')
        return failed(thrown.message, 'look at the check workload-api first');
      if (!isWorker) return ok('this process gets none; a master needs none');
      return failed(
        'this worker gets no identity',
        'look at service account, namespace, node and class name of its ClusterSPIFFEID or registration entry',
      );
    }
    const policy = (await inForce())?.policy;
    if (policy === undefined)
      return notChecked(`it is ${ids.join(', ')}; there is no policy to compare it with`);
    const matching = ids.filter((id) => maySign(id, policy, isWorker ? node : undefined));
    if (matching.length > 0) return ok(`${matching.join(', ')} may sign by the policy`);
    const templates = policy.signers.flatMap((each) => each.templates.map(({ text }) => text));
    const message = `${ids.join(', ')} fits no signer of the policy: ${templates.join(', ')}`;
    const advice = 'make the template of the ClusterSPIFFEID and spiffeIDs of the policy the same';
    return isWorker
      ? failed(message, advice)
      : warning(message, `right for a master; for a worker: ${advice}`);
  },
};

/** Roots of every trust domain that the policy names. */
export const bundle: Check = {
  name: 'bundle',
  about: 'There are roots within their dates for every trust domain that the policy names.',
  needsCluster: false,
  async look({ workloadApi: asked, bundles, inForce, context: { clock } }) {
    if (asked === undefined) return notChecked(none);
    const [known, settings] = [await bundles(), await inForce()];
    if (known === undefined) return notChecked('the Workload API gives none; see the check workload-api');
    const wanted = settings === undefined ? [...known.keys()] : [...trustDomainsOf(settings.policy)];
    const problems = wanted.flatMap((domain) => {
      try {
        const now = clock.now();
        const valid = rootsOf(known, domain).filter(
          ({ notBefore, notAfter }) => notBefore.getTime() <= now && now <= notAfter.getTime(),
        );
        return valid.length > 0 ? [] : [`no root of ${domain} is within its dates`];
      } catch (thrown) {
        if (!(thrown instanceof FeaturesealError)) throw thrown;
        return [thrown.message];
      }
    });
    if (problems.length > 0) {
      return failed(
        problems.join('; '),
        'is the trust domain of the policy that of SPIRE; is a foreign one federated (federatesWith)',
      );
    }
    return ok(`roots of ${wanted.join(', ')}`);
  },
};

/** True where some entry's template gives this very ID, for this node or, where none is said, for any. */
function maySign(id: string, policy: Policy, node: string | undefined): boolean {
  // A node fills one whole segment, so it is one of those that the ID has.
  const nodes = node === undefined ? id.split('/').slice(3) : [node];
  return policy.signers.some(({ templates }) =>
    templates.some((template) => nodes.some((each) => fillTemplate(template, policy.cluster, each) === id)),
  );
}
