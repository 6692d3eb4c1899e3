import { FeaturesealError } from '../../error.ts';
import type { ApiClient } from '../../kube/api-client.ts';
import type { Workload } from '../../kube/workloads.ts';
import { masterDefaults } from '../../master/settings.ts';
import type { X509Bundles } from '../../spiffe/types.ts';
import { policyOf, type InForce } from '../cluster/in-force.ts';
import { findComponent } from '../cluster/installed.ts';
import { patientClient, type PatientClient } from '../cluster/workload-api.ts';
import type { CliContext } from '../context.ts';

/** What the checks look at. Each fact is read once, when the first check asks for it. */
export interface World {
  readonly context: CliContext;
  /** @throws FeaturesealError config-invalid where there is none: checks that need it are not tried then */
  readonly api: ApiClient;
  readonly workloadApi: PatientClient | undefined;
  readonly worker: () => Promise<Workload | undefined>;
  readonly master: () => Promise<Workload | undefined>;
  /** @throws FeaturesealError what is wrong with the policy */
  readonly readPolicy: () => Promise<InForce | undefined>;
  /** The same where it can be had; what is wrong with it is another check's business. */
  readonly inForce: () => Promise<InForce | undefined>;
  /** undefined where the Workload API is not given or fails: another check says so. */
  readonly bundles: () => Promise<X509Bundles | undefined>;
  /** Where the master runs, or would by default. */
  readonly namespace: () => Promise<string>;
  /** Where the worker runs; where that cannot be seen, the same. */
  readonly workerNamespace: () => Promise<string>;
}

export function createWorld(
  context: CliContext,
  { api, socket }: { readonly api: ApiClient | undefined; readonly socket: string | undefined },
): World {
  const { signal } = context;
  const workloadApi = patientClient(socket, context);
  const cluster = (): ApiClient => {
    if (api !== undefined) return api;
    throw new FeaturesealError({ code: 'config-invalid', message: 'no API server is configured' });
  };
  const worker = once(() => findComponent(cluster(), 'worker', signal));
  const master = once(() => findComponent(cluster(), 'master', signal));
  const namespace = once(async () => (await orNothing(master()))?.namespace ?? masterDefaults.namespace);
  const readPolicy = once(async () => {
    const found = await master();
    return found === undefined ? undefined : policyOf(cluster(), found, signal);
  });
  return {
    context,
    get api() {
      return cluster();
    },
    workloadApi,
    worker,
    master,
    readPolicy,
    inForce: once(() => orNothing(readPolicy())),
    bundles: once(() =>
      orNothing(Promise.resolve(workloadApi?.ask((client, until) => client.fetchX509Bundles(until)))),
    ),
    namespace,
    workerNamespace: once(async () => (await orNothing(worker()))?.namespace ?? namespace()),
  };
}

function once<T>(read: () => Promise<T>): () => Promise<T> {
  let reading: Promise<T> | undefined;
  return () => (reading ??= read());
}

async function orNothing<T>(reading: Promise<T>): Promise<T | undefined> {
  return reading.catch((thrown: unknown) => {
    if (thrown instanceof FeaturesealError) return undefined;
    throw thrown;
  });
}
