import { resolve } from 'node:path';
import { Command, Option } from 'commander';
import { FeaturesealError } from '../error.ts';
import { defaultLabelNamespace } from '../feature/node-feature.ts';
import type { Discovery } from '../plugin/contract.ts';
import { discoverAll, type DiscoverOptions } from '../plugin/discover.ts';
import { explainLabel } from '../plugin/explain.ts';
import { loadPlugins } from '../plugin/load.ts';
import { escapeControls } from '../runtime/escape.ts';
import type { CliContext } from './context.ts';
import { exitStatus } from './exit-status.ts';
import { renderFeatures } from './feature-table.ts';
import { renderLabels } from './label-table.ts';
import { notingLog, type Notes } from './notes.ts';
import { printJson, printYaml, renderTable } from './output.ts';
import { pluginEntries, pluginsHelp } from './plugin-list.ts';

/** A person waits: less patience than a worker has. */
const deadlineMs = 20_000;

interface DiscoverFlags {
  readonly plugins?: string;
  readonly hostRoot: string;
  readonly procRoot?: string;
  readonly node?: string;
  readonly labels?: true;
  readonly explain?: string;
  readonly output: 'table' | 'json' | 'yaml';
}

/** `featureseal discover`: what this host can do, as a worker would publish it, before anything is signed. */
export function discoverCommand(context: CliContext): Command {
  return new Command('discover')
    .description('Features and labels of this host; no cluster, no SPIFFE.')
    .option('--plugins <list>', pluginsHelp)
    .option('--host-root <dir>', 'where the root of the host is mounted', '/')
    .option('--proc-root <dir>', 'a procfs for the files of the kernel that the host root has not got')
    .option('--node <name>', 'name of the Node, for what is told of it (default: NODE_NAME)')
    .option('--labels', 'labels only')
    .option('--explain <label>', 'which plugin gives this label here, and the files that it is made of')
    .addOption(new Option('-o, --output <form>', 'form').choices(['table', 'json', 'yaml']).default('table'))
    .action((flags: DiscoverFlags) => discover(flags, context));
}

async function discover(flags: DiscoverFlags, context: CliContext): Promise<void> {
  const plugins = await loadPlugins(pluginEntries(flags.plugins), { folder: resolve('.') });
  const hostRoot = resolve(flags.hostRoot);
  const { log, notes } = notingLog(context);
  const { signal, clock, env } = context;
  const nodeName = flags.node ?? env['NODE_NAME'];
  const named = nodeName === undefined ? {} : { nodeName };
  const proc = flags.procRoot === undefined ? {} : { procRoot: resolve(flags.procRoot) };
  const options: DiscoverOptions = { plugins, hostRoot, ...proc, ...named, signal, log, clock, deadlineMs };
  if (flags.explain !== undefined) return await explain(flags.explain, options, flags, context);

  const { discovery, failures } = await discoverAll(options);
  const result = flags.labels === true ? discovery.labels : discovery;
  if (flags.output !== 'table') printData(flags, result, context);
  else if (flags.labels === true) context.out(renderLabels(discovery.labels, context));
  else context.out(`${await summary(hostRoot, signal)}${renderHost(discovery, notes, context)}`);
  // What there is was shown; a script must still see that it is not all.
  if (failures.length > 0) context.setExitCode(exitStatus.failed);
}

function printData({ output }: DiscoverFlags, value: unknown, context: CliContext): void {
  if (output === 'json') printJson(context, value);
  else printYaml(context, value);
}

/** `--explain`: a label by its whole key, or by its name alone where it has the common prefix. */
async function explain(
  label: string,
  options: DiscoverOptions,
  flags: DiscoverFlags,
  context: CliContext,
): Promise<void> {
  const key = label.includes('/') ? label : `${defaultLabelNamespace}/${label}`;
  const found = await explainLabel(key, options);
  if (found === undefined) {
    const message = `no plugin gives the label ${JSON.stringify(key)} here; featureseal discover --labels shows those that there are`;
    throw new FeaturesealError({ code: 'usage', message });
  }
  if (flags.output !== 'table') return printData(flags, { label: key, ...found }, context);
  const files = found.files.length === 0 ? ['none'] : found.files;
  const rows = [
    ['  plugin', found.plugin],
    ...files.map((file, index) => [index === 0 ? '  made of' : '', file]),
  ];
  const { colour } = context;
  context.out(renderTable([], { header: [`${key}=${found.value}`], colour }) + renderTable(rows, { colour }));
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
