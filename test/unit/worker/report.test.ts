import { expect, test } from '@jest/globals';
import { FeaturesealError } from '../../../src/error.ts';
import type { ReasonCode } from '../../../src/error-codes.ts';
import type { Log } from '../../../src/port/log.ts';
import { createReport } from '../../../src/worker/report.ts';

test.each<[ReasonCode | undefined, RegExp]>([
  ['workload-api-denied', /className of its ClusterSPIFFEID/],
  ['identity-ambiguous', /`hint` or `spiffeID`/],
  ['workload-api-unavailable', /volume mounted/],
  [undefined, /volume mounted/],
])('a worker that waits for an SVID says what to look at: %s', (code, advice) => {
  const told: unknown[] = [];
  const silent = (): void => undefined;
  const log: Log = {
    debug: silent,
    info: silent,
    warn: (_, fields) => told.push(fields),
    error: silent,
  };
  const report = createReport({ log, metrics: { add: silent, set: silent, time: () => silent } });
  report.waitingForIdentity(code && new FeaturesealError({ code, message: 'said the test' }));
  expect(told).toEqual([
    { code, reason: code && expect.stringContaining('said the test'), advice: expect.stringMatching(advice) },
  ]);
});
