import { FeaturesealError } from '../error.ts';
import { ownMember } from '../feature/guard.ts';
import { nodeNameLabel } from '../feature/node-feature.ts';
import { parseFrame } from '../feature/parse.ts';
import { ApiClient } from '../kube/api-client.ts';
import { findConnection } from '../kube/connection.ts';
import { KubeOwnNodeFeature } from '../kube/node-features.ts';
import type { X509Svid } from '../port/svid-source.ts';
import { createBackOff } from '../runtime/back-off.ts';
import { packageVersion } from '../runtime/version.ts';
import { Publisher } from '../worker/publisher.ts';
import { workerDefaults } from '../worker/settings.ts';
import type { CliContext } from './context.ts';
import { report } from './report.ts';
import { readNodeFeature, type PlaceFlags } from './sign-input.ts';
import { svidOfSocket, type SocketFlags } from './sign-svid.ts';

export interface PublishFlags extends PlaceFlags, SocketFlags {
  readonly cluster: string;
  readonly publish?: true;
  /** Milliseconds. */
  readonly every?: number;
  readonly kubeconfig?: string;
}

const firstRetryMs = 1_000;

/**
 * `sign --publish`: what a third party needs that has a file and a socket, and no client of the API server. Stores as the
 * worker does: the whole object, under the resourceVersion of what stood there, with a seal that is proved before and after.
 */
export async function publish(file: string, flags: PublishFlags, context: CliContext): Promise<void> {
  const everyMs = flags.every;
  if (everyMs !== undefined && file === '-') {
    const message = '--every reads the file each time, and standard input can be read once';
    throw new FeaturesealError({ code: 'usage', message });
  }
  const { env, clock } = context;
  const currentSvid = svidOfSocket(flags, context);
  const connection = await findConnection({ kubeconfig: flags.kubeconfig, environment: env, clock });
  const api = new ApiClient({ connection, clock, userAgent: `featureseal-sign/${packageVersion()}` });
  const once = async (): Promise<void> => {
    const { object } = await readNodeFeature(file, flags, context);
    await store(object, await currentSvid(context.signal), { api, cluster: flags.cluster, context });
  };
  try {
    if (everyMs === undefined) await once();
    else await repeat(once, everyMs, context);
  } finally {
    api.close();
  }
}

/** Until stopped; what fails is told and tried again soon: the file, the identity, the cluster may be late. */
async function repeat(once: () => Promise<void>, everyMs: number, context: CliContext): Promise<void> {
  const { clock, signal } = context;
  const backOff = createBackOff({ clock, random: Math.random, firstMs: firstRetryMs, maxMs: everyMs });
  while (!signal.aborted) {
    try {
      await once();
      backOff.reset();
      // A fleet that started together drifts apart.
      await clock.sleep(everyMs * (0.9 + 0.1 * Math.random()), signal);
    } catch (error) {
      if (signal.aborted) return;
      report(error, context);
      await backOff.wait(signal);
    }
  }
}

interface Target {
  readonly api: ApiClient;
  readonly cluster: string;
  readonly context: CliContext;
}

async function store(object: unknown, svid: X509Svid, { api, cluster, context }: Target): Promise<void> {
  const { clock, crypto, signal } = context;
  const { namespace, name, labels } = parseFrame(object);
  const node = String(ownMember(labels, nodeNameLabel));
  const fieldManager = 'featureseal-sign';
  const own = new KubeOwnNodeFeature({ api, clock, random: Math.random, namespace, name, fieldManager });
  const { writeIntervalMs } = workerDefaults;
  const publisher = new Publisher({ own, clock, crypto }, { cluster, node, writeIntervalMs });
  await publisher.publish(object, svid, signal);
  context.out(
    `stored ${namespace}/${name}, sealed by ${svid.spiffeId} until ${svid.notAfter.toISOString()}\n`,
  );
}
