import { checks } from '../../src/cli/doctor/checks.ts';
import { reasonCodes } from '../../src/error-codes.ts';
import { authorityConfigSchema } from '../../src/identity/authority-service/config.ts';
import { nodePluginConfigSchema } from '../../src/identity/node-plugin/config.ts';
import { masterConfigSchema } from '../../src/master/config.ts';
import { masterMetrics } from '../../src/master/metrics.ts';
import { eventReasons } from '../../src/master/report.ts';
import { masterDefaults } from '../../src/master/settings.ts';
import { apiMetrics } from '../../src/kube/api-metrics.ts';
import type { MetricTable } from '../../src/runtime/metric-table.ts';
import { describeSettings, type SettingsSchema } from '../../src/runtime/settings.ts';
import { agentOnly } from '../../src/ttl/agent-only.ts';
import { durationText } from '../../src/ttl/duration-text.ts';
import { nested } from '../../src/ttl/nested.ts';
import { hourMs } from '../../src/ttl/spire.ts';
import { workerConfigSchema } from '../../src/worker/config.ts';
import { workerMetrics } from '../../src/worker/metrics.ts';
import { workerDefaults } from '../../src/worker/settings.ts';

const made = 'Made from the source by `npm run reference`; a test holds it current.\n';

/** The pages of docs/reference by file name: made from the schemas and tables that the program itself uses. */
export function referencePages(): ReadonlyMap<string, string> {
  return new Map([
    ['worker.md', settingsPage('worker', workerConfigSchema)],
    ['master.md', settingsPage('master', masterConfigSchema)],
    ['identity-authority.md', settingsPage('identity authority', authorityConfigSchema)],
    ['identity-node-plugin.md', settingsPage('identity node-plugin', nodePluginConfigSchema)],
    ['metrics.md', metricsPage()],
    ['reason-codes.md', codesPage()],
    ['doctor.md', doctorPage()],
    ['ttl.md', ttlPage()],
  ]);
}

function settingsPage(name: string, schema: SettingsSchema): string {
  const rows = describeSettings(schema).map(({ key, flag, placeholder, text, default: shown }) => {
    const option =
      flag === undefined ? 'file only' : code(placeholder === undefined ? flag : `${flag} <${placeholder}>`);
    return [code(key), option, shown === undefined ? '' : shown, text];
  });
  return page(
    `featureseal ${name}`,
    `Settings, as keys of the file given with \`--config FILE\` (YAML) and as flags; flags win. Unknown keys are refused.`,
    table(['key', 'flag', 'default', 'meaning'], rows),
  );
}

function metricsPage(): string {
  const rows = (metrics: MetricTable): string[][] =>
    Object.entries(metrics).map(([name, { type, help, labels = [] }]) => [
      code(`featureseal_${name}`),
      type,
      labels.map(code).join(', '),
      help,
    ]);
  const header = ['metric', 'type', 'labels', 'meaning'];
  const events = Object.entries(eventReasons).map(([reason, meaning]) => [code(reason), meaning]);
  return page(
    'Metrics and Events',
    'Served on `/metrics` beside those of the Node.js process. Label values come from closed sets, never from an object.',
    `## Worker\n\n${table(header, rows(workerMetrics))}\n## Master\n\n${table(header, rows(masterMetrics))}\n## Both\n\n${table(header, rows(apiMetrics))}\n## Events of the master\n\n${table(['reason', 'meaning'], events)}`,
  );
}

function codesPage(): string {
  const rows = Object.entries(reasonCodes).map(([name, entry]) => [
    code(name),
    'step' in entry ? String(entry.step) : '',
    entry.meaning,
  ]);
  return page(
    'Reason codes',
    'Every error carries one of these; a code is never used again for something else. A number is the step of verification ([seal.md](../seal.md)) that refuses with it.',
    table(['code', 'step', 'meaning'], rows),
  );
}

function doctorPage(): string {
  const rows = checks.map(({ name, about, needsCluster }) => [code(name), needsCluster ? '' : 'yes', about]);
  return page(
    'featureseal doctor',
    'Each check is ok, a warning, failed or not checked; each but an ok one says why, and what to do. What may not be read is not checked. Exit status 1 where a check failed.',
    table(['check', 'without a cluster', 'ok where'], rows),
  );
}

function ttlPage(): string {
  const times = { maxAgeMs: masterDefaults.maxAgeMs, resignIntervalMs: workerDefaults.resignIntervalMs };
  const hours = [6, 12, 24, 48, 72, 144, 168, 336, 720];
  const rows = (way: typeof nested): string[][] =>
    hours.map((offline) => {
      const plan = way(offline * hourMs, times);
      const name = code(durationText(offline * hourMs));
      if (!plan.possible) return [name, `not possible beyond ${durationText(plan.limitMs)}: ${plan.why}`];
      const settings = plan.settings.map(
        ({ where, key, valueMs }) => `${where}: ${code(`${key} ${durationText(valueMs)}`)}`,
      );
      return [name, settings.join('<br>')];
    });
  const header = ['without the cloud', 'settings'];
  return page(
    'featureseal ttl',
    'Lifetimes for common times, as `featureseal ttl --offline DURATION` tells them for any; it also says why, what ends when and with what effect. `--svid-ttl`, `--agent-ttl`, `--ca-ttl` and `--availability-target` tell the same for lifetimes that are given. Which way is for whom: [topologies.md](../topologies.md).',
    `## An agent alone\n\n${table(header, rows(agentOnly))}\n## A nested server at the site\n\n${table(header, rows(nested))}`,
  );
}

function page(title: string, introduction: string, body: string): string {
  return `# ${title}\n\n${introduction}\n${made}\n${body}`;
}

function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |\n`;
  return [line(header), line(header.map(() => '---')), ...rows.map(line)].join('');
}

function code(text: string): string {
  return `\`${text}\``;
}
