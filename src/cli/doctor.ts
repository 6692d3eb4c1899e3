import { Command, Option } from 'commander';
import { asFeaturesealError, FeaturesealError } from '../error.ts';
import { ApiStatusError } from '../kube/status.ts';
import { withCluster } from './cluster/connect.ts';
import type { CliContext } from './context.ts';
import { apiServer } from './doctor/api-server.ts';
import { checks } from './doctor/checks.ts';
import { failed, lookAt, notChecked, type Checked } from './doctor/check.ts';
import { renderChecks } from './doctor/render.ts';
import { createWorld, type World } from './doctor/world.ts';
import { exitStatus } from './exit-status.ts';
import { printJson } from './output.ts';

interface Flags {
  readonly kubeconfig?: string;
  readonly socket?: string;
  readonly output: 'table' | 'json';
}

/** `featureseal doctor`: looks at everything that has to fit together, from a desk or in a pod. Changes nothing. */
export function doctorCommand(context: CliContext): Command {
  return new Command('doctor')
    .description(
      'Looks whether everything is as it should be, and says what to do. Changes nothing. Exits 1 where a check failed.',
    )
    .option('--kubeconfig <file>', 'cluster to look at (default: KUBECONFIG, ~/.kube/config, the pod)')
    .option('--socket <address>', 'Workload API to try (default: SPIFFE_ENDPOINT_SOCKET)')
    .addOption(
      new Option('-o, --output <format>', 'form of the output').choices(['table', 'json']).default('table'),
    )
    .action(async (flags: Flags) => {
      const results = await examine(flags, context);
      if (flags.output === 'json') printJson(context, { checks: results });
      else context.out(renderChecks(results, context));
      if (results.some(({ status }) => status === 'failed')) context.setExitCode(exitStatus.failed);
    });
}

async function examine({ kubeconfig, socket }: Flags, context: CliContext): Promise<readonly Checked[]> {
  try {
    return await withCluster(kubeconfig, context, async ({ api }) => {
      const world = createWorld(context, { api, socket });
      return runChecks(world, await obstacleOf(world));
    });
  } catch (thrown) {
    const isUnset = thrown instanceof FeaturesealError && thrown.code === 'config-invalid';
    // What was given by hand must be right; a host without any kubeconfig is a finding.
    if (!isUnset || kubeconfig !== undefined) throw thrown;
    return runChecks(createWorld(context, { api: undefined, socket }), thrown);
  }
}

/** Why the API server cannot be asked; undefined where it can. */
async function obstacleOf({ api, context: { signal } }: World): Promise<FeaturesealError | undefined> {
  try {
    await api.request({ path: '/version', signal, timeoutMs: 10_000 });
    return undefined;
  } catch (thrown) {
    if (signal.aborted) throw thrown;
    const error = asFeaturesealError(thrown, 'internal', 'the API server cannot be asked');
    // It answers who may not know its version, too.
    return error instanceof ApiStatusError && error.status === 403 ? undefined : error;
  }
}

/** One after the other: what one finds explains the next. */
async function runChecks(world: World, obstacle: FeaturesealError | undefined): Promise<readonly Checked[]> {
  const results: Checked[] = [];
  for (const check of checks) {
    if (obstacle === undefined || !check.needsCluster) results.push(await lookAt(check, world));
    else if (check === apiServer) results.push({ name: check.name, ...failed(obstacle.message, advice) });
    else results.push({ name: check.name, ...notChecked('the API server cannot be asked') });
  }
  return results;
}

const advice = 'give --kubeconfig FILE; does this host reach the API server, are the credentials valid';
