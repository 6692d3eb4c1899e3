import { FeaturesealError } from '../error.ts';
import type { ApiClient } from '../kube/api-client.ts';
import { hasAny, installedResources } from '../kube/discovery.ts';
import type { Clock } from '../port/clock.ts';
import type { EventSink } from '../port/event-sink.ts';
import type { Log } from '../port/log.ts';
import { createBackOff } from '../runtime/back-off.ts';

const hourMs = 60 * 60_000;

export interface StartupOptions {
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
  readonly signal: AbortSignal;
}

/**
 * Waits for the API server, for ever, and then insists on the CRD: a master that watches nothing would look healthy
 * and label nobody.
 *
 * @throws FeaturesealError config-invalid where the CRD is missing
 */
export async function requireCrds(
  api: ApiClient,
  { clock, random, log, signal }: StartupOptions,
): Promise<void> {
  const backOff = createBackOff({ clock, random, firstMs: 1_000, maxMs: 30_000 });
  while (!signal.aborted) {
    try {
      const installed = await installedResources(api, signal);
      if (installed.has('nodefeatures')) return;
      const message = 'the CRD of NodeFeature is not installed; apply deploy/base/crd first';
      throw new FeaturesealError({ code: 'config-invalid', message });
    } catch (thrown) {
      // A server that has just started refuses for a moment what its roles allow.
      if (!isOutage(thrown)) throw thrown;
      log.warn('the API server cannot be asked for the CRD; trying again', { reason: thrown.message });
      await backOff.wait(signal);
    }
  }
}

function isOutage(thrown: unknown): thrown is FeaturesealError {
  const isOurs = thrown instanceof FeaturesealError;
  return isOurs && (thrown.code === 'store-unavailable' || thrown.code === 'store-refused');
}

export interface UnsupportedOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly events: EventSink;
  /** Where the Event is shown: on the namespace of this process. */
  readonly namespace: string;
  readonly signal: AbortSignal;
}

/** Rules and groups are installed but not evaluated yet: who wrote some must hear it, and not find out by a missing label. */
export async function watchUnsupported(api: ApiClient, options: UnsupportedOptions): Promise<void> {
  const { clock, log, events, namespace, signal } = options;
  while (!signal.aborted) {
    for (const resource of ['nodefeaturerules', 'nodefeaturegroups'] as const) {
      if (!(await isThereAny(api, resource, signal))) continue;
      const message = `there are ${resource}; this version does not evaluate them`;
      log.warn(message);
      events.send({
        type: 'Warning',
        reason: 'NotEvaluated',
        message,
        about: { kind: 'Namespace', name: namespace },
      });
    }
    await clock.sleep(hourMs, signal);
  }
}

async function isThereAny(
  api: ApiClient,
  resource: 'nodefeaturerules' | 'nodefeaturegroups',
  signal: AbortSignal,
): Promise<boolean> {
  try {
    return await hasAny(api, resource, signal);
  } catch {
    // No right to list them, or an outage: it is a hint, and not worth a failure.
    return false;
  }
}
