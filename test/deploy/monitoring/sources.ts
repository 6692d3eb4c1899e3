import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';

const objects = join(import.meta.dirname, '../../../deploy/components/monitoring/objects');

export interface Alert {
  readonly alert: string;
  readonly expr: string;
  readonly for?: string;
  readonly labels: { readonly severity: string };
  readonly annotations: {
    readonly summary: string;
    readonly description: string;
    /** A page and its heading, from the root of the repository. */
    readonly runbook: string;
  };
}

interface RuleGroup {
  readonly name: string;
  readonly rules: readonly Alert[];
}

/** The groups of every PrometheusRule, as Prometheus itself reads them. */
export function ruleGroups(): readonly RuleGroup[] {
  return readdirSync(objects)
    .filter((name) => name.endsWith('-rules.yaml'))
    .flatMap((name) => {
      const rule = parse(readFileSync(join(objects, name), 'utf8')) as {
        readonly spec: { readonly groups: readonly RuleGroup[] };
      };
      return rule.spec.groups;
    });
}

export function alerts(): readonly Alert[] {
  return ruleGroups().flatMap(({ rules }) => rules);
}

interface Panel {
  readonly title: string;
  readonly targets?: readonly { readonly expr: string; readonly legendFormat: string }[];
}

export interface Query {
  readonly panel: string;
  /** PromQL, with a namespace and an interval in place of Grafana's variables. */
  readonly expr: string;
  readonly legend: string;
}

/** Every query of the dashboard. */
export function dashboardQueries(): readonly Query[] {
  const dashboard = JSON.parse(readFileSync(join(objects, 'dashboard.json'), 'utf8')) as {
    readonly panels: readonly Panel[];
  };
  return dashboard.panels.flatMap(({ title, targets = [] }) =>
    targets.map(({ expr, legendFormat }) => ({
      panel: title,
      expr: expr.replaceAll('$namespace', 'featureseal').replaceAll('$__rate_interval', '5m'),
      legend: legendFormat,
    })),
  );
}
