import { FeaturesealError } from '../../error.ts';
import { parseSettings } from '../../runtime/settings.ts';
import { workerConfigSchema } from '../../worker/config.ts';
import { givenSettings } from '../cluster/installed.ts';
import { failed, notChecked, ok, warning, type Check } from './check.ts';

/** The policy loads, and it is enforced. */
export const policyLoads: Check = {
  name: 'policy',
  about: "The master's policy loads, and its mode is enforce.",
  needsCluster: true,
  async look({ readPolicy }) {
    try {
      const inForce = await readPolicy();
      if (inForce === undefined) return notChecked('no master is installed');
      const { policy, source } = inForce;
      const signers = policy.signers.map(({ name }) => name).join(', ');
      const message = `${source}: cluster ${policy.cluster}, mode ${policy.mode}, signers ${signers}`;
      if (policy.mode === 'enforce') return ok(message);
      return warning(
        message,
        `mode ${policy.mode} takes every NodeFeature at its word; go to enforce, docs/operations.md`,
      );
    } catch (thrown) {
      const isWrong =
        thrown instanceof FeaturesealError &&
        (thrown.code === 'policy-invalid' || thrown.code === 'config-invalid');
      if (!isWrong) throw thrown;
      return failed(thrown.message, 'docs/policy.md; try it with featureseal verify --policy FILE');
    }
  },
};

/** A seal names its cluster: where worker and policy differ, every seal is refused (`cluster-mismatch`). */
export const clusterName: Check = {
  name: 'cluster-name',
  about: 'Worker and policy name the same cluster.',
  needsCluster: true,
  async look({ api, worker, inForce, context: { signal } }) {
    const [installed, settings] = [await worker(), await inForce()];
    if (installed === undefined || settings === undefined) return notChecked('worker or policy is not known');
    const { file, flags } = await givenSettings(api, installed, workerConfigSchema, signal);
    // NODE_NAME differs by pod, and does not matter here.
    const environment = { namespace: installed.namespace, node: 'any' };
    const { cluster } = parseSettings(workerConfigSchema, { file, flags, environment });
    const expected = settings.policy.cluster;
    if (cluster === expected) return ok(`worker and policy both say ${cluster}`);
    return failed(
      `the worker seals for cluster ${cluster}, the policy is for ${expected}: every seal is refused (cluster-mismatch)`,
      'set the same name in both',
    );
  },
};
