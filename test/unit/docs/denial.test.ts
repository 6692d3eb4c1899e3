import { describe, expect, test } from '@jest/globals';
import { reasonCodes } from '../../../src/error-codes.ts';
import { readDocument, tableRows } from './page.ts';

describe('docs/denial.md', () => {
  const rows = tableRows(readDocument('denial.md'), '| who asks |');

  test('says of each who turns it away, by what words and where that is recorded', () => {
    expect(rows.length).toBeGreaterThanOrEqual(10);
    for (const row of rows) expect(row.map((cell) => cell !== '')).toEqual([true, true, true, true]);
  });

  test('names reason codes that there are', () => {
    const ofMaster = rows.filter(([, by]) => by === 'master').map(([, , message = '']) => message);
    expect(ofMaster).toHaveLength(4);
    expect(Object.keys(reasonCodes)).toEqual(
      expect.arrayContaining(ofMaster.map((message) => message.replaceAll('`', ''))),
    );
  });
});
