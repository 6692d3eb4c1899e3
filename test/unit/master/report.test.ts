// What the loop tells, as log lines, Events and metrics.
import { describe, expect, test } from '@jest/globals';
import { masterMetrics } from '../../../src/master/metrics.ts';
import { createReport } from '../../../src/master/report.ts';
import type { MasterReport } from '../../../src/master/ports.ts';
import { MemoryNodes } from '../../../src/memory/nodes.ts';
import type { Notice } from '../../../src/port/event-sink.ts';
import { createMetrics } from '../../../src/runtime/metrics.ts';
import { registerTable } from '../../../src/runtime/metric-table.ts';

const node = new MemoryNodes().add('node-a', new Date(0));

function reporting(): {
  readonly report: MasterReport;
  readonly events: Notice[];
  readonly warnings: string[];
  readonly scrape: () => Promise<readonly string[]>;
} {
  const [events, warnings]: [Notice[], string[]] = [[], []];
  const metrics = createMetrics();
  const silent = (): void => undefined;
  const log = {
    debug: silent,
    info: silent,
    error: silent,
    warn: (text: string) => void warnings.push(text),
  };
  const report = createReport({
    log,
    events: { send: (notice) => void events.push(notice) },
    metrics: registerTable(masterMetrics, metrics),
  });
  return {
    report,
    events,
    warnings,
    scrape: async () => (await metrics.render()).body.split('\n'),
  };
}

describe('an nfd-master that writes', () => {
  test('is one line in the log, an Event on the Node at each write, and counted', async () => {
    const { report, events, warnings, scrape } = reporting();
    expect(await scrape()).toContain('featureseal_master_foreign_writes_total 0');
    report.overwritten(node, ['feature.node.kubernetes.io/a'], true);
    report.overwritten(node, ['feature.node.kubernetes.io/b'], false);
    expect(warnings).toEqual(['an nfd-master writes to a Node that this master labels; it ignores seals']);
    expect(events).toEqual(
      ['a', 'b'].map((key) => ({
        type: 'Warning',
        reason: 'ForeignMaster',
        message: expect.stringMatching(new RegExp(`it wrote feature.node.kubernetes.io/${key}: .*doctor`)),
        about: { kind: 'Node', name: 'node-a', uid: node.uid },
      })),
    );
    expect(await scrape()).toContain('featureseal_master_foreign_writes_total 2');
  });

  test('does not make an Event as long as its writes', () => {
    const { report, events } = reporting();
    const keys = Array.from({ length: 300 }, (_, index) => `feature.node.kubernetes.io/${index}`);
    report.overwritten(node, keys, true);
    expect(events[0]?.message).toContain('feature.node.kubernetes.io/4; …');
    expect(events[0]?.message).not.toContain('feature.node.kubernetes.io/5');
  });
});

test('verifications are counted by verdict, with the time that they took', async () => {
  const { report, scrape } = reporting();
  for (const verdict of ['accepted', 'refused', 'refused'] as const) report.verifying()(verdict);
  const lines = await scrape();
  const name = 'featureseal_master_verification_duration_seconds';
  expect(lines).toContain(`# TYPE ${name} histogram`);
  expect(lines).toContain(`${name}_count{verdict="accepted"} 1`);
  expect(lines).toContain(`${name}_bucket{le="+Inf",verdict="refused"} 2`);
});
