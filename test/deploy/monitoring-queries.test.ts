// Rules and dashboard ask for what worker and master really serve: every metric and label exists, every query has data.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { stringify } from 'yaml';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { seriesOf, type Sample } from './monitoring/exposition.ts';
import { describePromtool, promtoolFaults } from './monitoring/promtool.ts';
import { scrapedTwice, type Scrape } from './monitoring/real-processes.ts';
import { alerts, dashboardQueries } from './monitoring/sources.ts';

/** Of others, by their documentation: Prometheus itself, NFD's nfd-master. */
const foreign: readonly Sample[] = [
  { name: 'up', labels: { job: '', namespace: '', pod: '', node: '', instance: '' }, value: 1 },
  { name: 'nfd_master_build_info', labels: { version: '', namespace: '', pod: '' }, value: 1 },
];
const asked = [
  ...alerts().map(({ alert, expr }) => ({ name: alert, expr, legend: '' })),
  ...dashboardQueries().map(({ panel, expr, legend }) => ({ name: panel, expr, legend })),
];
let scrapes: readonly [Scrape, Scrape];

beforeAll(async () => {
  const directory = await mkdtemp(join(tmpdir(), 'fs-'));
  try {
    scrapes = await scrapedTwice(directory);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}, 180_000);

describe.each(asked)('$name: $expr', ({ expr, legend }) => {
  test('names metrics that are served, with the labels that they have', () => {
    const known = new Map<string, Set<string>>();
    for (const { name, labels } of [...scrapes[1].samples, ...foreign]) {
      const all = known.get(name) ?? new Set();
      for (const label of Object.keys(labels)) all.add(label);
      known.set(name, all);
    }
    const metrics = metricsIn(expr);
    expect(metrics.length).toBeGreaterThan(0);
    expect(metrics.filter((name) => !known.has(name))).toEqual([]);
    const labels = new Set(metrics.flatMap((name) => [...(known.get(name) ?? [])]));
    expect(labelsIn(expr, legend).filter((label) => !labels.has(label))).toEqual([]);
  });
});

describePromtool('every query of the dashboard', () => {
  const path = temporaryFolder();

  test.each(dashboardQueries())('$panel has data: $expr', async ({ expr }) => {
    const [first, second] = scrapes;
    const before = new Map(first.samples.map((sample) => [seriesOf(sample), sample.value]));
    const series = second.samples
      .filter(({ value }) => Number.isFinite(value))
      .map((sample) => {
        const name = seriesOf(sample);
        // `_`: not scraped yet.
        return { series: name, values: `${before.get(name) ?? '_'} ${sample.value}x10` };
      });
    const tests = [
      {
        start_timestamp: Math.floor(second.at.getTime() / 1000),
        input_series: series,
        promql_expr_test: [
          { expr: `count(${expr}) > bool 0`, eval_time: '2m', exp_samples: [{ labels: '{}', value: 1 }] },
        ],
      },
    ];
    await writeFile(path('query.yaml'), stringify({ evaluation_interval: '1m', tests }));
    expect(promtoolFaults(['test', 'rules', path('query.yaml')])).toBe('');
  });
});

function metricsIn(expr: string): readonly string[] {
  const names = expr.matchAll(/\b(?:featureseal|nodejs|process|nfd|up)(?:_\w+|(?=\{))/g);
  return [...names].map(([name]) => name).filter((name, index, all) => all.indexOf(name) === index);
}

/** What it groups by, matches and shows. */
function labelsIn(expr: string, legend: string): readonly string[] {
  const lists = [...expr.matchAll(/\b(?:by|on|without|ignoring) \(([^)]*)\)/g)].flatMap(([, list = '']) =>
    list.split(/,\s*/),
  );
  const matched = [...expr.matchAll(/(\w+)(?:=~?|!=|!~)"/g)].map(([, label = '']) => label);
  const shown = [...legend.matchAll(/\{\{(\w+)\}\}/g)].map(([, label = '']) => label);
  return [...lists, ...matched, ...shown];
}
