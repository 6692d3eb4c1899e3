import { resolve } from 'node:path';
import { Command, Option } from 'commander';
import { FeaturesealError } from '../error.ts';
import type { Discovery } from '../plugin/contract.ts';
import { discoverAll } from '../plugin/discover.ts';
import { builtinEntries, loadPlugins, packagedPluginNames, type PluginEntry } from '../plugin/load.ts';
import { escapeControls } from '../runtime/escape.ts';
import type { CliContext } from './context.ts';
import { exitStatus } from './exit-status.ts';
import { renderFeatures } from './feature-table.ts';
import { renderLabels } from './label-table.ts';
import { notingLog, type Notes } from './notes.ts';
import { printJson, printYaml } from './output.ts';

/** A person waits: less patience than a worker has. */
const deadlineMs = 20_000;

interface DiscoverFlags {
  readonly plugins?: string;
  readonly hostRoot: string;
  readonly node?: string;
  readonly labels?: true;
  readonly output: 'table' | 'json' | 'yaml';
}

/** `featureseal discover`: what this host can do, as a worker would publish it, before anything is signed. */
export function discoverCommand(context: CliContext): Command {
  return new Command('discover')
    .description('Features and labels of this host; no cluster, no SPIFFE.')
    .option(
      '--plugins <list>',
      `plugins, separated by commas: ${packagedPluginNames.join(', ')}, or ./file.js`,
    )
    .option('--host-root <dir>', 'where the root of the host is mounted', '/')
    .option('--node <name>', 'name of the Node, for what is told of it (default: NODE_NAME)')
    .option('--labels', 'labels only')
    .addOption(new Option('-o, --output <form>', 'form').choices(['table', 'json', 'yaml']).default('table'))
    .action((flags: DiscoverFlags) => discover(flags, context));
}

async function discover(flags: DiscoverFlags, context: CliContext): Promise<void> {
  const plugins = await loadPlugins(entriesOf(flags.plugins), { folder: resolve('.') });
  const hostRoot = resolve(flags.hostRoot);
  const { log, notes } = notingLog(context);
  const { signal, clock, env } = context;
  const nodeName = flags.node ?? env['NODE_NAME'];
  const { discovery, failures } = await discoverAll({
    plugins,
    hostRoot,
    ...(nodeName === undefined ? {} : { nodeName }),
    signal,
    log,
    clock,
    deadlineMs,
  });

  const result = flags.labels === true ? discovery.labels : discovery;
  if (flags.output === 'json') printJson(context, result);
  else if (flags.output === 'yaml') printYaml(context, result);
  else if (flags.labels === true) context.out(renderLabels(discovery.labels, context));
  else context.out(`${await summary(hostRoot, signal)}${renderHost(discovery, notes, context)}`);
  // What there is was shown; a script must still see that it is not all.
  if (failures.length > 0) context.setExitCode(exitStatus.failed);
}

/** Names are plugins of this package; what has a slash is a module, as in a worker's configuration. */
function entriesOf(list: string | undefined): PluginEntry[] {
  if (list === undefined) return builtinEntries();
  return list.split(',').flatMap((name) => {
    if (name.includes('/')) return [{ module: name }];
    if (packagedPluginNames.some((builtin) => builtin === name)) return builtinEntries([name]);
    const known = packagedPluginNames.join(', ');
    const message = `there is no plugin ${JSON.stringify(name)}; there are ${known}, or name a module such as ./mine.js`;
    throw new FeaturesealError({ code: 'usage', message });
  });
}

function renderHost(discovery: Discovery, notes: Notes, context: CliContext): string {
  const labels = renderLabels(discovery.labels, context);
  return `${renderFeatures(discovery, notes, context)}\n${labels === '' ? 'no labels\n' : labels}`;
}

/** The line about the machine itself; another root may be another machine. */
async function summary(hostRoot: string, signal: AbortSignal): Promise<string> {
  if (hostRoot !== '/') return '';
  const { hostSummary } = await import('./host-summary.ts');
  const line = await hostSummary(signal);
  return line === undefined ? '' : `${escapeControls(line)}\n\n`;
}
