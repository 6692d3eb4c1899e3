import { FeaturesealError } from '../../error.ts';
import type { ApiClient } from '../../kube/api-client.ts';
import type { Workload } from '../../kube/workloads.ts';
import { masterConfigSchema } from '../../master/config.ts';
import { masterDefaults } from '../../master/settings.ts';
import { parseSettings } from '../../runtime/settings.ts';
import { parsePolicy, type Policy } from '../../seal/policy.ts';
import type { CliContext } from '../context.ts';
import { readText } from '../files.ts';
import { findComponent, givenSettings, mountedFile } from './installed.ts';

/** By what the master of a cluster judges. */
export interface InForce {
  /** With the mode that the master's own setting asks for. */
  readonly policy: Policy;
  readonly maxAgeMs: number;
  /** Of the master. */
  readonly namespace: string;
  readonly leaderElection: boolean;
  /** Where the policy was read, for people. */
  readonly source: string;
}

/** A policy file at hand, with the master's defaults. @throws FeaturesealError policy-invalid, file-unreadable */
export async function policyFromFile(file: string, context: Pick<CliContext, 'input'>): Promise<InForce> {
  const policy = parsePolicy(await readText(file, context));
  const { maxAgeMs, namespace } = masterDefaults;
  return { policy, maxAgeMs, namespace, leaderElection: false, source: file };
}

/**
 * The policy of the master that is installed: its Deployment names the configuration, that names the policy, and both
 * come from a ConfigMap.
 *
 * @throws FeaturesealError config-invalid, policy-invalid; store-* where the API server fails or refuses
 */
export async function policyFromCluster(api: ApiClient, signal: AbortSignal): Promise<InForce> {
  const master = await findComponent(api, 'master', signal);
  if (master === undefined) throw missing('there is no Deployment of a Featureseal master in this cluster');
  return policyOf(api, master, signal);
}

/** The same for a Deployment that is known. */
export async function policyOf(api: ApiClient, master: Workload, signal: AbortSignal): Promise<InForce> {
  const { file, flags } = await givenSettings(api, master, masterConfigSchema, signal);
  const environment = { namespace: master.namespace };
  const config = parseSettings(masterConfigSchema, { file, flags, environment });
  const found = await mountedFile(api, master, config.policy, signal);
  if (found === undefined) {
    throw missing(`the policy ${config.policy} of ${master.namespace}/${master.name} is in no ConfigMap`);
  }
  const policy = parsePolicy(found.text);
  return {
    policy: config.mode === undefined ? policy : { ...policy, mode: config.mode },
    maxAgeMs: config.maxAge,
    namespace: config.namespace,
    leaderElection: config.leaderElection,
    source: found.name,
  };
}

function missing(message: string): FeaturesealError {
  return new FeaturesealError({ code: 'config-invalid', message });
}
