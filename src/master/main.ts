import { hostname } from 'node:os';
import { ApiClient } from '../kube/api-client.ts';
import { apiMetrics } from '../kube/api-metrics.ts';
import { findConnection } from '../kube/connection.ts';
import { KubeEvents } from '../kube/events.ts';
import { LeaseLeadership } from '../kube/leadership.ts';
import { KubeNodeFeatures } from '../kube/node-features.ts';
import { KubeNodes } from '../kube/nodes.ts';
import { soleLeader, type Leadership } from '../port/leadership.ts';
import type { Log } from '../port/log.ts';
import type { BundleSource } from '../port/svid-source.ts';
import { serveHealth } from '../runtime/health.ts';
import { createLog } from '../runtime/log.ts';
import { registerTable } from '../runtime/metric-table.ts';
import { createMetrics } from '../runtime/metrics.ts';
import { runParts, type ProcessContext } from '../runtime/process.ts';
import { packageVersion } from '../runtime/version.ts';
import { modes, type Policy } from '../seal/policy.ts';
import { WorkloadApiClient } from '../spiffe/workload-api/client.ts';
import { workloadApiAddress } from '../spiffe/workload-api/endpoint.ts';
import { X509BundleSource } from '../spiffe/workload-api/source.ts';
import type { MasterConfig } from './config.ts';
import { Master } from './master.ts';
import { masterMetrics } from './metrics.ts';
import { masterController, masterName } from './names.ts';
import { readPolicyFile } from './policy-file.ts';
import type { MasterPorts } from './ports.ts';
import { createReport } from './report.ts';
import { masterDefaults, type MasterSettings } from './settings.ts';
import { watchUnsupported, requireCrds } from './startup.ts';

/** The master as a process: wires the loop to the cluster and to the trust bundles, and runs until it is told to stop. */
export async function runMaster(config: MasterConfig, context: ProcessContext): Promise<void> {
  const { env, clock, crypto, signal } = context;
  const log = createLog({ level: config.logLevel });
  const policy = await readPolicyFile(config);
  const metrics = createMetrics();
  const table = registerTable(masterMetrics, metrics);
  const calls = registerTable(apiMetrics, metrics);

  const connection = await findConnection({ kubeconfig: config.kubeconfig, environment: env, clock });
  const api = new ApiClient({
    connection,
    clock,
    userAgent: `${masterName}/${packageVersion()}`,
    onFailure: (operation, code) => {
      calls.add('api_calls_failed_total', { operation, code });
    },
  });
  const identity = `${env['POD_NAME'] ?? hostname()}_${crypto.randomUUID()}`;
  const store = { api, clock, random: Math.random, onProblem: problemLog(log) };
  const events = new KubeEvents({
    api,
    clock,
    controller: masterController,
    instance: identity.slice(0, 63),
    randomHex: () => crypto.randomUUID().replaceAll('-', ''),
    onDropped: () => {
      table.add('master_events_dropped_total');
    },
  });
  const lease = new LeaseLeadership({ ...store, namespace: config.namespace, name: masterName, identity });
  const leadership: Leadership = config.leaderElection ? lease : soleLeader;
  const bundles = policy.mode === 'off' ? undefined : bundleSource(config, context, log);
  const watchGauges = (): void => {
    table.set('master_leader', leadership.isLeader() ? 1 : 0);
    table.set('master_bundles', bundles?.current()?.size ?? 0);
  };
  leadership.onChange(watchGauges);
  bundles?.onChange(watchGauges);
  watchGauges();
  for (const mode of modes) table.set('master_mode', mode === policy.mode ? 1 : 0, { mode });

  const ports: MasterPorts = {
    feed: new KubeNodeFeatures(store),
    nodes: new KubeNodes({ ...store, fieldManager: masterName }),
    bundles,
    leadership,
    report: createReport({ log, events, metrics: table }),
    clock,
    log,
    crypto,
  };
  const master = new Master(ports, settingsOf(config, policy));
  try {
    await requireCrds(api, { clock, random: Math.random, log, signal });
    const checks = {
      lists: () => (master.hasLists() ? undefined : 'Nodes and NodeFeatures are not listed yet'),
      bundles: () =>
        master.hasTrust() ? undefined : (bundles?.lastError()?.message ?? 'no trust bundle yet'),
    };
    const health = await serveHealth({
      host: config.healthHost,
      port: config.healthPort,
      checks,
      metrics,
      log,
    });
    log.info('the master runs', {
      cluster: policy.cluster,
      mode: policy.mode,
      health: health.url,
      server: connection.source,
    });
    await runParts(signal, [
      (until) => (config.once ? untilSettled(master, until, context) : master.run(until)),
      (until) => events.run(until),
      ...(config.leaderElection ? [(until: AbortSignal) => lease.run(until)] : []),
      ...(bundles === undefined ? [] : [(until: AbortSignal) => untilEnded(bundles, until)]),
      (until) => watchUnsupported(api, { clock, log, events, namespace: config.namespace, signal: until }),
    ]);
    await health.close();
  } finally {
    bundles?.close();
    api.close();
  }
  log.info('the master has stopped');
}

function bundleSource(
  { socket, allowTcp }: MasterConfig,
  { env, clock, crypto }: ProcessContext,
  log: Log,
): X509BundleSource {
  const address = workloadApiAddress({ configured: socket, env });
  return new X509BundleSource({ client: new WorkloadApiClient({ address, allowTcp, crypto, clock, log }) });
}

function settingsOf(config: MasterConfig, policy: Policy): MasterSettings {
  const { maxAge: maxAgeMs, deletionGrace: deletionGraceMs, namespace } = config;
  return { ...masterDefaults, policy, maxAgeMs, deletionGraceMs, namespace };
}

/** `--once`: runs until everything that there is was judged and every node is as it should be. */
async function untilSettled(master: Master, signal: AbortSignal, { clock }: ProcessContext): Promise<void> {
  const stop = new AbortController();
  const running = master.run(AbortSignal.any([signal, stop.signal]));
  while (!master.isSettled() && !signal.aborted) await clock.sleep(100, signal);
  stop.abort();
  await running;
}

function problemLog(log: Log): (problem: Error) => void {
  return ({ message }) => {
    log.warn('the API server cannot be reached or refuses; trying again', { reason: message });
  };
}

/** A Workload API that refuses for good is a configuration to mend, not an outage to wait for. */
async function untilEnded(
  bundles: BundleSource & Pick<X509BundleSource, 'ended' | 'close'>,
  signal: AbortSignal,
): Promise<void> {
  const stop = (): void => {
    bundles.close();
  };
  signal.addEventListener('abort', stop, { once: true });
  const error = await bundles.ended;
  if (error !== undefined && !signal.aborted) throw error;
}
