// deploy/components/monitoring as a user has it, over an overlay, and what its alerts tell.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { reasonCodes } from '../../src/error-codes.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import {
  describeRendered,
  find,
  manifestsOf,
  podOf,
  renderedOver,
  workloads,
  type Manifest,
} from './manifests.ts';
import { alerts, dashboardQueries } from './monitoring/sources.ts';

interface PodMonitorSpec {
  readonly namespaceSelector?: unknown;
  readonly selector: { readonly matchLabels: Readonly<Record<string, string>> };
  readonly podMetricsEndpoints: readonly { readonly port: string; readonly path: string }[];
}

interface NetworkPolicySpec {
  readonly podSelector: { readonly matchLabels: Readonly<Record<string, string>> };
  readonly ingress: readonly {
    readonly ports: readonly { readonly port: string }[];
    readonly from?: unknown;
  }[];
}

const root = join(import.meta.dirname, '../..');
const kinds = ['PodMonitor', 'PrometheusRule'];
const namespace = 'featureseal';

describeRendered('monitoring over the overlay default', () => {
  const path = temporaryFolder();
  let manifests: readonly Manifest[] | undefined;
  const rendered = (): readonly Manifest[] =>
    (manifests ??= manifestsOf(renderedOver('default', ['deploy/components/monitoring'], path('deploy'))));

  test('stands in the namespace of the settings, with nothing of kustomize left', () => {
    const own = rendered().filter(
      ({ kind, metadata }) => kinds.includes(kind) || metadata.name === 'featureseal-dashboard',
    );
    expect(own.map(({ kind, metadata }) => [kind, metadata.name, metadata.namespace]).sort()).toEqual([
      ['ConfigMap', 'featureseal-dashboard', namespace],
      ['PodMonitor', 'featureseal-master', namespace],
      ['PodMonitor', 'featureseal-worker', namespace],
      ['PrometheusRule', 'featureseal-master', namespace],
      ['PrometheusRule', 'featureseal-scrape', namespace],
      ['PrometheusRule', 'featureseal-worker', namespace],
    ]);
    expect(JSON.stringify(rendered())).not.toMatch(/from-settings|featureseal-settings/);
    for (const { metadata } of own)
      expect(metadata.labels).toMatchObject({ 'app.kubernetes.io/part-of': 'featureseal' });
  });

  test.each(['featureseal-worker', 'featureseal-master'])(
    '%s is scraped on a port that it has, and its NetworkPolicy lets everybody in there',
    (name) => {
      const monitor = find(rendered(), 'PodMonitor', name)['spec'] as PodMonitorSpec;
      const workload = workloads(rendered()).find(({ metadata }) => metadata.name === name)!;
      const { labels } = workload.spec.template.metadata;
      expect(labels).toMatchObject(monitor.selector.matchLabels);
      expect(monitor.namespaceSelector).toBeUndefined();

      const { podSelector, ingress } = find(rendered(), 'NetworkPolicy', name)['spec'] as NetworkPolicySpec;
      expect(labels).toMatchObject(podSelector.matchLabels);
      const open = ingress.filter(({ from }) => from === undefined).flatMap(({ ports }) => ports);
      const ports = podOf(workload).containers.flatMap(({ ports = [] }) => ports.map(({ name }) => name));
      expect(monitor.podMetricsEndpoints.map(({ path }) => path)).toEqual(['/metrics']);
      for (const { port } of monitor.podMetricsEndpoints) {
        expect(ports).toContain(port);
        expect(open.map(({ port }) => port)).toContain(port);
      }
    },
  );

  test('the dashboard that Grafana gets is the one in the repository', () => {
    const map = find(rendered(), 'ConfigMap', 'featureseal-dashboard');
    expect(map.metadata.labels).toMatchObject({ grafana_dashboard: '1' });
    const [text] = Object.values(map['data'] as Readonly<Record<string, string>>);
    expect(JSON.parse(text!)).toMatchObject({ uid: 'featureseal', title: 'Featureseal' });
  });
});

describe('alerts', () => {
  test.each(alerts().map((each) => [each.alert, each] as const))('%s says what to do', (_, alert) => {
    const { annotations, labels, expr } = alert;
    expect(['critical', 'warning']).toContain(labels.severity);
    expect(annotations.summary).not.toBe('');
    expect(annotations.description).toMatch(/[.?:]/);
    const [page = '', anchor] = annotations.runbook.split('#');
    expect(anchorsOf(page)).toContain(anchor);
    // A label that the expression does not keep would be told as nothing.
    const kept = /by \(([^)]*)\)/.exec(expr)?.[1]?.split(', ') ?? targetLabels;
    const told = Object.values(annotations).flatMap((text) => labelsIn(text));
    expect(told.filter((label) => !kept.includes(label))).toEqual([]);
  });

  test('are the list of docs/monitoring.md', () => {
    const rows = readFileSync(join(root, 'docs/monitoring.md'), 'utf8').matchAll(
      /^\| `(Featureseal\w+)` \| (\w+) \|/gm,
    );
    const listed = [...rows].map(([, alert, severity]) => [alert, severity]);
    expect(listed.sort()).toEqual(
      alerts()
        .map(({ alert, labels }) => [alert, labels.severity])
        .sort(),
    );
  });

  test('name reason codes that exist', () => {
    const named = [...alerts(), ...dashboardQueries()].flatMap(({ expr }) =>
      [...expr.matchAll(/code[!=]~?"([^"]*)"/g)].flatMap(([, codes = '']) => codes.split('|')),
    );
    expect(named.length).toBeGreaterThan(5);
    expect(named.filter((code) => !(code in reasonCodes))).toEqual([]);
  });
});

/** Of every series that is scraped by our PodMonitors. */
const targetLabels = ['namespace', 'pod', 'node', 'job', 'instance'];

function labelsIn(template: string): readonly string[] {
  return [...template.matchAll(/\$labels\.(\w+)/g)].map(([, label = '']) => label);
}

/** As they are made of headings: lower case, dashes for spaces. */
function anchorsOf(page: string): readonly string[] {
  const headings = readFileSync(join(root, page), 'utf8').matchAll(/^#+ (.+)$/gm);
  return [...headings].map(([, heading = '']) => heading.toLowerCase().replaceAll(' ', '-'));
}
