import { describe, expect, test } from '@jest/globals';
import { createMetrics } from '../../../src/runtime/metrics.ts';

describe('createMetrics', () => {
  test('renders what was counted, under the prefix and in the text format', async () => {
    const metrics = createMetrics();
    metrics
      .counter({ name: 'refusals_total', help: 'Refused objects.', labels: ['code'] })
      .inc({ code: 'replayed' }, 2);
    metrics.gauge({ name: 'nodes', help: 'Known nodes.' }).set(3);
    metrics
      .histogram({ name: 'verify_seconds', help: 'Time of verifying.', buckets: [0.01, 0.1] })
      .observe(0.05);
    const { contentType, body } = await metrics.render();
    expect(contentType).toMatch(/^text\/plain; version=0\.0\.4/);
    expect(body.split('\n')).toEqual(
      expect.arrayContaining([
        '# HELP featureseal_refusals_total Refused objects.',
        '# TYPE featureseal_refusals_total counter',
        'featureseal_refusals_total{code="replayed"} 2',
        'featureseal_nodes 3',
        'featureseal_verify_seconds_bucket{le="0.01"} 0',
        'featureseal_verify_seconds_bucket{le="0.1"} 1',
      ]),
    );
  });

  test('tells of the process itself', async () => {
    const { body } = await createMetrics().render();
    expect(body).toMatch(/^process_resident_memory_bytes \d+$/m);
  });

  test('two sets of metrics do not meet', async () => {
    const [one, other] = [createMetrics(), createMetrics()];
    one.gauge({ name: 'nodes', help: 'Known nodes.' }).set(1);
    expect((await other.render()).body).not.toContain('featureseal_nodes');
  });

  test.each(['Refusals_total', 'refusals-total', 'refusals__total', '_total', 'ünicode_total', ''])(
    'refuses the name %j',
    (name) => {
      expect(() => createMetrics().gauge({ name, help: 'x' })).toThrow('must be lower snake case');
    },
  );

  test('refuses a counter without _total', () => {
    expect(() => createMetrics().counter({ name: 'refusals', help: 'x' })).toThrow('must end in _total');
  });
});
