// A worker and a master as processes of their own, on an API server that now and then fails and an attacker who edits
// objects: so that every metric that comes with an event is there.
import { setTimeout as sleep } from 'node:timers/promises';
import { DevelopmentIdentity } from '../../../src/identity/development-identity.ts';
import { systemClock } from '../../../src/runtime/clock.ts';
import { silentLog } from '../../../src/runtime/log.ts';
import { FeaturesealProcess } from '../../cluster/featureseal-process.ts';
import { cluster, namespace, pluginFiles, policy, trustDomain, workerId } from '../../cluster/scenario.ts';
import { FakeApiServer } from '../../support/fake-api-server.ts';
import { kubeconfigOf } from '../../support/fake-api/kubeconfig.ts';
import { nodeFeature } from '../../support/sealing.ts';
import { samplesOf, type Sample } from './exposition.ts';

/** What Prometheus would have by scraping all of them once. */
export interface Scrape {
  readonly at: Date;
  readonly samples: readonly Sample[];
}

const groupPath = '/apis/nfd.k8s-sigs.io/v1alpha1';
const nodeFeatures = `${groupPath}/nodefeatures`;
const node = 'node-a';
const deadlineMs = 60_000;
const askAgainMs = 100;

/** Runs them, and scrapes before and after an attack. */
export async function scrapedTwice(directory: string): Promise<readonly [Scrape, Scrape]> {
  const server = await preparedServer();
  const { crypto } = globalThis;
  const identity = await DevelopmentIdentity.create({
    ...{ trustDomain, directory, svidTtlMs: 3_600_000 },
    ...{ crypto, clock: systemClock, log: silentLog },
  });
  const running: FeaturesealProcess[] = [];
  try {
    const { address: socket } = await identity.serve(workerId(node));
    const kubeconfig = JSON.stringify(kubeconfigOf(server));
    running.push(await startMaster(socket, kubeconfig), await startWorker(socket, kubeconfig));
    const first = await scrapeUntil(running, [
      'featureseal_worker_seals_published_total{reason="started"}',
      'featureseal_worker_publishing_failed_total{code="store-unavailable"}',
      'featureseal_worker_plugin_failures_total{plugin="broken"}',
      'featureseal_master_objects_refused_total{code="seal-missing"}',
      'featureseal_master_node_patches_failed_total{code="store-unavailable"}',
      'featureseal_master_nodes_patched_total',
      'featureseal_master_mode{mode="enforce"}',
      'featureseal_master_events_dropped_total',
      'featureseal_master_verification_duration_seconds_count{verdict="accepted"}',
      'featureseal_worker_publishing_duration_seconds_count{outcome="stored"}',
      'featureseal_api_calls_failed_total{operation="write",code="store-unavailable"}',
    ]);
    attack(server);
    const second = await scrapeUntil(running, [
      'featureseal_worker_object_changes_total',
      'featureseal_worker_seals_published_total{reason="object-changed"}',
      'featureseal_master_objects_refused_total{code="signature-invalid"}',
    ]);
    return [first, second];
  } finally {
    for (const each of running) await each.close();
    await identity.close();
    await server.close();
  }
}

/** A Node of the worker, one with an object that nobody sealed, and three failures. */
async function preparedServer(): Promise<FakeApiServer> {
  const server = await FakeApiServer.start();
  server.answers(new RegExp(`^GET ${groupPath}$`), () => ({ resources: [{ name: 'nodefeatures' }] }));
  for (const name of [node, 'node-b']) server.objects.put('/api/v1/nodes', { metadata: { name } });
  server.objects.put(nodeFeatures, { ...nodeFeature({ node: 'node-b' }) });
  server.failNext(/^POST .*\/nodefeatures/, { status: 500 });
  server.failNext(/^POST .*\/events/, { status: 500 });
  server.failNext(new RegExp(`^PATCH .*/nodes/${node}`), { status: 500 });
  return server;
}

/** Somebody who may write NodeFeatures edits a sealed one. */
function attack(server: FakeApiServer): void {
  const sealed = server.objects.get(nodeFeatures, { namespace, name: node });
  if (sealed === undefined) throw new Error('there is no sealed object yet');
  server.objects.put(nodeFeatures, { ...sealed, spec: { labels: { gpu: 'a lie' } } });
}

function startMaster(socket: string, kubeconfig: string): Promise<FeaturesealProcess> {
  const files = { kubeconfig, 'policy.yaml': JSON.stringify(policy) };
  return FeaturesealProcess.start({
    command: 'master',
    config: { namespace, socket, leaderElection: true },
    files,
  });
}

function startWorker(socket: string, kubeconfig: string): Promise<FeaturesealProcess> {
  const broken = `export default () => ({ name: 'broken', discover: () => Promise.reject(new Error('broken')) });\n`;
  const plugins = [{ module: './plugin.mjs' }, { module: './broken.mjs' }];
  return FeaturesealProcess.start({
    command: 'worker',
    config: { cluster, node, namespace, socket, plugins, discoverInterval: '1s' },
    files: { kubeconfig, ...pluginFiles, 'broken.mjs': broken },
  });
}

/** Scrapes again and again until each of these series is above 0. */
async function scrapeUntil(
  processes: readonly FeaturesealProcess[],
  wanted: readonly string[],
): Promise<Scrape> {
  const deadline = AbortSignal.timeout(deadlineMs);
  for (;;) {
    const at = new Date();
    const texts = await Promise.all(processes.map((each) => each.health('/metrics')));
    const missing = wanted.filter((series) => !texts.some(({ text }) => hasAbove0(text, series)));
    if (missing.length === 0) {
      const samples = texts.flatMap(({ text }, index) =>
        samplesOf(text).map((each) => targeted(each, index)),
      );
      return { at, samples };
    }
    if (deadline.aborted)
      throw new Error(
        [`not scraped: ${missing.join(', ')}`, ...processes.map((each) => each.lastLines())].join('\n'),
      );
    await sleep(askAgainMs);
  }
}

function hasAbove0(text: string, series: string): boolean {
  return text.split('\n').some((line) => line.startsWith(`${series} `) && !line.endsWith(' 0'));
}

/** With the labels that a scrape by our PodMonitors adds. */
function targeted(sample: Sample, index: number): Sample {
  const name = index === 0 ? 'featureseal-master' : 'featureseal-worker';
  const target = {
    job: `${namespace}/${name}`,
    namespace,
    pod: `${name}-0`,
    node,
    instance: '10.0.0.1:8080',
  };
  return { ...sample, labels: { ...sample.labels, ...target } };
}
