import { expect, test } from '@jest/globals';
import { createMetrics } from '../../../src/runtime/metrics.ts';
import { registerTable, type MetricTable } from '../../../src/runtime/metric-table.ts';

const table = {
  seals_total: { type: 'counter', help: 'Seals.', labels: ['reason'] },
  writes_total: { type: 'counter', help: 'Writes.' },
  mode: { type: 'gauge', help: 'The mode.', labels: ['mode'] },
  nodes: { type: 'gauge', help: 'Nodes.' },
  signing_seconds: { type: 'histogram', help: 'Signing.', labels: ['outcome'], buckets: [1, 10] },
} as const satisfies MetricTable;

function registered() {
  const metrics = createMetrics();
  const own = async (): Promise<readonly string[]> =>
    (await metrics.render()).body.split('\n').filter((line) => line.startsWith('featureseal_'));
  return { own, ...registerTable(table, metrics) };
}

test('what has no labels is there from the start', async () => {
  expect(await registered().own()).toEqual(['featureseal_writes_total 0', 'featureseal_nodes 0']);
});

test('counts, sets and times by name and labels', async () => {
  const { add, set, time, own } = registered();
  add('seals_total', { reason: 'started' });
  add('writes_total', {}, 3);
  set('mode', 1, { mode: 'audit' });
  set('nodes', 7);
  time('signing_seconds')({ outcome: 'stored' });
  const lines = await own();
  expect(lines).toEqual(
    expect.arrayContaining([
      'featureseal_seals_total{reason="started"} 1',
      'featureseal_writes_total 3',
      'featureseal_mode{mode="audit"} 1',
      'featureseal_nodes 7',
      'featureseal_signing_seconds_count{outcome="stored"} 1',
    ]),
  );
  expect(lines.filter((line) => line.startsWith('featureseal_signing_seconds_bucket'))).toHaveLength(3);
});

test('takes a name for what it is of alone', () => {
  const { add, set, time } = registered();
  // @ts-expect-error a gauge is set, not counted
  add('nodes');
  // @ts-expect-error a counter only grows
  set('writes_total', 1);
  // @ts-expect-error a counter takes no time
  time('writes_total')();
  expect.assertions(0);
});
