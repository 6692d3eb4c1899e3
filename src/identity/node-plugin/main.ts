import { FeaturesealError } from '../../error.ts';
import { ApiClient } from '../../kube/api-client.ts';
import { findConnection } from '../../kube/connection.ts';
import type { Log } from '../../port/log.ts';
import { createBackOff } from '../../runtime/back-off.ts';
import { serveHealth } from '../../runtime/health.ts';
import { createLog } from '../../runtime/log.ts';
import { createMetrics } from '../../runtime/metrics.ts';
import type { ProcessContext } from '../../runtime/process.ts';
import { packageVersion } from '../../runtime/version.ts';
import type { NodePluginConfig } from './config.ts';
import { checkDriver } from './driver.ts';
import { NodePlugin } from './node-plugin.ts';

/** The node plugin as a process: looks whether the driver's name is its own, then serves until it is told to stop. */
export async function runNodePlugin(config: NodePluginConfig, context: ProcessContext): Promise<void> {
  const { clock, crypto, signal } = context;
  const log = createLog({ level: config.logLevel });
  const version = packageVersion();
  await checkOwnDriver(config, version, context, log);
  if (signal.aborted) return;
  const plugin = await NodePlugin.start({ config, version, clock, crypto, random: Math.random, log });
  try {
    const { healthHost: host, healthPort: port } = config;
    const health = await serveHealth({ host, port, checks: plugin.checks(), metrics: createMetrics(), log });
    log.warn('the development identity is not for production', { trustDomain: config.trustDomain });
    log.info('the node plugin runs', { node: config.node, authority: config.authority, health: health.url });
    await plugin.run(signal);
    await health.close();
  } finally {
    await plugin.close();
  }
  log.info('the node plugin has stopped');
}

/** An API server that is away is waited for; a foreign driver is not. */
async function checkOwnDriver(
  { kubeconfig, audience }: NodePluginConfig,
  version: string,
  { env, clock, signal }: ProcessContext,
  log: Log,
): Promise<void> {
  const connection = await findConnection({ kubeconfig, environment: env, clock });
  const api = new ApiClient({ connection, clock, userAgent: `featureseal-identity-node-plugin/${version}` });
  const backOff = createBackOff({ clock, random: Math.random, firstMs: 1_000, maxMs: 30_000 });
  try {
    while (!signal.aborted) {
      try {
        return await checkDriver(api, audience, signal);
      } catch (thrown) {
        if (signal.aborted) return;
        if (!(thrown instanceof FeaturesealError) || thrown.code !== 'store-unavailable') throw thrown;
        log.warn('the API server cannot be asked for the CSIDriver object; trying again', {
          reason: thrown.message,
        });
        await backOff.wait(signal);
      }
    }
  } finally {
    api.close();
  }
}
