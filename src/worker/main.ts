import { dirname, resolve } from 'node:path';
import { ApiClient } from '../kube/api-client.ts';
import { apiMetrics } from '../kube/api-metrics.ts';
import { findConnection } from '../kube/connection.ts';
import { KubeOwnNodeFeature } from '../kube/node-features.ts';
import { builtinEntries, loadPlugins, type PluginEntry } from '../plugin/load.ts';
import { repeatedDiscovery } from '../plugin/repeated-discovery.ts';
import { watchPlugins } from '../plugin/watch-plugins.ts';
import type { Log } from '../port/log.ts';
import { serveHealth } from '../runtime/health.ts';
import { createLog } from '../runtime/log.ts';
import { registerTable } from '../runtime/metric-table.ts';
import { createMetrics } from '../runtime/metrics.ts';
import { runParts, type ProcessContext } from '../runtime/process.ts';
import { packageVersion } from '../runtime/version.ts';
import { WorkloadApiClient } from '../spiffe/workload-api/client.ts';
import { workloadApiAddress } from '../spiffe/workload-api/endpoint.ts';
import { X509Source } from '../spiffe/workload-api/source.ts';
import type { WorkerConfig } from './config.ts';
import { workerMetrics } from './metrics.ts';
import type { WorkerPorts } from './ports.ts';
import { publishedPart } from './published.ts';
import { createReport } from './report.ts';
import { workerDefaults, type WorkerSettings } from './settings.ts';
import { Worker } from './worker.ts';

/** The worker as a process: wires the loop to the cluster and to the Workload API, and runs until it is told to stop. */
export async function runWorker(
  config: WorkerConfig,
  context: ProcessContext,
  configFile?: string,
): Promise<void> {
  const { env, clock, crypto, signal } = context;
  const log = createLog({ level: config.logLevel });
  const metrics = createMetrics();
  const table = registerTable(workerMetrics, metrics);
  const calls = registerTable(apiMetrics, metrics);
  const report = createReport({ log, metrics: table });

  const folder = configFile === undefined ? resolve('.') : dirname(resolve(configFile));
  const plugins = await loadPlugins(pluginsOf(config), { folder });
  const connection = await findConnection({ kubeconfig: config.kubeconfig, environment: env, clock });
  const version = packageVersion();
  const api = new ApiClient({
    connection,
    clock,
    userAgent: `featureseal-worker/${version}`,
    onFailure: (operation, code) => {
      calls.add('api_calls_failed_total', { operation, code });
    },
  });
  const address = workloadApiAddress({ configured: config.socket, env });
  const client = new WorkloadApiClient({ address, allowTcp: config.allowTcp, crypto, clock, log });
  const svids = new X509Source({ client, pick: { spiffeId: config.spiffeID, hint: config.hint } });
  svids.onChange(() => {
    table.set('worker_svid_expiry_timestamp_seconds', (svids.current()?.notAfter.getTime() ?? 0) / 1000);
  });

  const { namespace, node: name } = config;
  const fieldManager = 'featureseal-worker';
  const own = new KubeOwnNodeFeature({
    api,
    clock,
    random: Math.random,
    onProblem: problemLog(log),
    namespace,
    name,
    fieldManager,
  });
  const { hostRoot, procRoot, pluginDeadline: deadlineMs } = config;
  const discoverAgain = repeatedDiscovery({
    plugins,
    hostRoot,
    ...(procRoot && { procRoot }),
    nodeName: name,
    log,
    clock,
    deadlineMs,
  });
  const published = { only: config.publishFeatures, except: config.noPublishFeatures };
  const discover: WorkerPorts['discover'] = async (until) => {
    const { discovery, validUntil, failures } = await discoverAgain(until);
    for (const { plugin } of failures) table.add('worker_plugin_failures_total', { plugin });
    return { ...publishedPart(discovery, published), ...(validUntil && { validUntil }) };
  };
  const watchSources: WorkerPorts['watchSources'] = (onChange, until) =>
    watchPlugins({ plugins, hostRoot, log, signal: until }, onChange);
  const ports = { own, svids, discover, watchSources, report, clock, crypto, random: Math.random };
  const worker = new Worker(ports, settingsOf(config, version));

  try {
    if (config.once) {
      await svids.ready(signal);
      const svid = svids.current();
      if (svid !== undefined) await worker.once(svid, signal);
      return;
    }
    const checks = { published: () => (worker.isReady() ? undefined : 'nothing is published yet') };
    const health = await serveHealth({
      host: config.healthHost,
      port: config.healthPort,
      checks,
      metrics,
      log,
    });
    log.info('the worker runs', {
      node: name,
      namespace,
      cluster: config.cluster,
      health: health.url,
      server: connection.source,
    });
    await runParts(signal, [(until) => worker.run(until), (until) => untilEnded(svids, until)]);
    await health.close();
  } finally {
    svids.close();
    api.close();
  }
  log.info('the worker has stopped');
}

function pluginsOf({ plugins }: WorkerConfig): readonly PluginEntry[] {
  return plugins ?? builtinEntries();
}

function settingsOf(config: WorkerConfig, version: string): WorkerSettings {
  const { node, namespace, cluster } = config;
  return {
    ...workerDefaults,
    node,
    namespace,
    cluster,
    version,
    discoverIntervalMs: config.discoverInterval,
    resignIntervalMs: config.resignInterval,
  };
}

/** What the API transport has to tell; it goes on by itself. */
function problemLog(log: Log): (problem: Error) => void {
  return ({ message }) => {
    log.warn('the API server could not be watched; trying again', { reason: message });
  };
}

/** A Workload API that refuses for good is a configuration to mend, not an outage to wait for. */
async function untilEnded(svids: X509Source, signal: AbortSignal): Promise<void> {
  const stop = (): void => {
    svids.close();
  };
  signal.addEventListener('abort', stop, { once: true });
  const error = await svids.ended;
  if (error !== undefined && !signal.aborted) throw error;
}
