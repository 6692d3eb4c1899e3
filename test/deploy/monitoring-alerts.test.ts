// Each alert fires when it should and not a minute before, by promtool's unit tests in test/deploy/monitoring.
import { readFileSync } from 'node:fs';
import { copyFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { parse, stringify } from 'yaml';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { describePromtool, promtoolFaults } from './monitoring/promtool.ts';
import { alerts, ruleGroups } from './monitoring/sources.ts';

interface PromtoolTests {
  readonly tests: readonly {
    readonly promql_expr_test: readonly { readonly expr: string; readonly exp_samples: readonly unknown[] }[];
  }[];
}

const folder = join(import.meta.dirname, 'monitoring');
const files = ['scrape.yaml', 'worker.yaml', 'master.yaml'];

test.each(alerts().map(({ alert }) => alert))('%s is expected to fire, and not to fire', (alert) => {
  const expectations = files
    .map((file) => parse(readFileSync(join(folder, file), 'utf8')) as PromtoolTests)
    .flatMap(({ tests }) => tests.flatMap(({ promql_expr_test }) => promql_expr_test))
    .filter(({ expr }) => expr === `ALERTS{alertname="${alert}", alertstate="firing"}`);
  const fires = new Set(expectations.map(({ exp_samples }) => exp_samples.length > 0));
  expect([...fires].sort()).toEqual([false, true]);
});

describePromtool('promtool', () => {
  const path = temporaryFolder();
  const writeRules = (): Promise<void> => writeFile(path('rules.yaml'), stringify({ groups: ruleGroups() }));

  test('finds no fault in the rules', async () => {
    await writeRules();
    expect(promtoolFaults(['check', 'rules', '--lint=all', '--lint-fatal', path('rules.yaml')])).toBe('');
  });

  test.each(files)('sees every alert of %s do what is expected', async (file) => {
    await writeRules();
    await copyFile(join(folder, file), path(file));
    expect(promtoolFaults(['test', 'rules', path(file)])).toBe('');
  });
});
