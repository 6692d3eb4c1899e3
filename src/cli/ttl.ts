import { Command, Option } from 'commander';
import { FeaturesealError } from '../error.ts';
import { masterDefaults } from '../master/settings.ts';
import { agentOnly, endingsOf, type Lifetimes } from '../ttl/agent-only.ts';
import { nested } from '../ttl/nested.ts';
import type { SealTimes } from '../ttl/plan.ts';
import { shortestTargetMs } from '../ttl/spire.ts';
import { workerDefaults } from '../worker/settings.ts';
import type { CliContext } from './context.ts';
import { durationFlag } from './duration-flag.ts';
import { exitStatus } from './exit-status.ts';
import { printJson } from './output.ts';
import { publishedEndings, publishedPlan, renderEndings, renderPlan } from './ttl-render.ts';

interface Flags {
  readonly offline?: number;
  readonly svidTtl?: number;
  readonly agentTtl?: number;
  readonly caTtl?: number;
  readonly availabilityTarget?: number;
  readonly maxAge?: number;
  readonly output: 'table' | 'json';
}

/** SPIRE's own, pkg/server/credtemplate/builder.go; an agent's SVID lives as long as a workload's. */
const spireDefaults = { svidMs: 60 * 60_000, caMs: 24 * 60 * 60_000 } as const;

/** `featureseal ttl`: how long lifetimes must be to live without the cloud, and how long given ones do. */
export function ttlCommand(context: CliContext): Command {
  return new Command('ttl')
    .description(
      'Tells how long SPIRE must make SVIDs and CAs for a site that has to live without the cloud, or how long given ones do, and what breaks first. Facts of SPIRE 1.15. Exits 1 where no way is long enough.',
    )
    .option('--offline <duration>', 'time without the cloud, for example 72h or 3d', durationFlag)
    .addOption(given('--svid-ttl', "the server's default_x509_svid_ttl (SPIRE's default: 1h)"))
    .addOption(given('--agent-ttl', "the server's agent_ttl (default: as --svid-ttl)"))
    .addOption(given('--ca-ttl', "the server's ca_ttl (SPIRE's default: 24h)"))
    .addOption(given('--availability-target', "the agent's availability_target (default: none)"))
    .option('--max-age <duration>', 'maxAge of the master (default: 24h)', durationFlag)
    .addOption(
      new Option('-o, --output <format>', 'form of the output').choices(['table', 'json']).default('table'),
    )
    .action((flags: Flags) => {
      if (flags.offline === undefined) tellEndings(flags, context);
      else tellPlans(flags.offline, flags, context);
    });
}

function given(flag: string, description: string): Option {
  return new Option(`${flag} <duration>`, description).argParser(durationFlag).conflicts('offline');
}

function tellPlans(offlineMs: number, flags: Flags, context: CliContext): void {
  const ways = [agentOnly, nested].map((way) => way(offlineMs, timesOf(flags)));
  if (flags.output === 'json') {
    printJson(context, publishedPlan(offlineMs, ways));
  } else context.out(renderPlan(offlineMs, ways, context));
  if (!ways.some(({ possible }) => possible)) context.setExitCode(exitStatus.failed);
}

function tellEndings(flags: Flags, context: CliContext): void {
  const svidMs = flags.svidTtl ?? spireDefaults.svidMs;
  const lifetimes: Lifetimes = {
    svidMs,
    agentMs: flags.agentTtl ?? svidMs,
    caMs: flags.caTtl ?? spireDefaults.caMs,
    ...(flags.availabilityTarget === undefined ? {} : { availabilityTargetMs: flags.availabilityTarget }),
  };
  if (flags.availabilityTarget !== undefined && flags.availabilityTarget < shortestTargetMs) {
    const message = 'an agent does not start with an availability_target below 24h';
    throw new FeaturesealError({ code: 'usage', message });
  }
  const endings = endingsOf(lifetimes, timesOf(flags));
  if (flags.output === 'json') printJson(context, publishedEndings(lifetimes, endings));
  else context.out(renderEndings(lifetimes, endings, context));
}

function timesOf({ maxAge: maxAgeMs = masterDefaults.maxAgeMs }: Flags): SealTimes {
  return { maxAgeMs, resignIntervalMs: Math.min(workerDefaults.resignIntervalMs, maxAgeMs / 4) };
}
