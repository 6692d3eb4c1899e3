import { expect, test } from '@jest/globals';
import { checks } from '../../../src/cli/doctor/checks.ts';
import { reasonCodes } from '../../../src/error-codes.ts';
import { eventReasons } from '../../../src/master/report.ts';
import { readDocument, tableRows } from './page.ts';

const rows = tableRows(readDocument('troubleshooting.md'), '| you see | it means | do |');
const words = rows.flatMap(([symptom = '', meaning = '']) =>
  [...`${symptom} ${meaning}`.matchAll(/`([a-z]+(?:-[a-z]+)+|[A-Z][a-z]+(?:[A-Z][a-z]+)+)`/g)].map(
    ([, word]) => word,
  ),
);

test('every code, check and Event that a symptom names is one', () => {
  const known = new Set<string | undefined>([
    ...Object.keys(reasonCodes),
    ...Object.keys(eventReasons),
    ...checks.map(({ name }) => name),
    // Of kubelet.
    'ContainerCreating',
  ]);
  expect(words.length).toBeGreaterThan(30);
  expect(words.filter((word) => !known.has(word))).toEqual([]);
});

test('every Event of the master is a symptom', () => {
  const told = readDocument('troubleshooting.md');
  // What ended its grace has been told before, as refused or stale.
  const reasons = Object.keys(eventReasons).filter((reason) => reason !== 'NodeFeatureLapsed');
  expect(reasons.filter((reason) => !told.includes(`\`${reason}\``))).toEqual([]);
});
