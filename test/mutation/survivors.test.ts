import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { page, survivorsTable } from './page.ts';
import { keyOf, readSurvivors } from './survivors.ts';

const survivors = readSurvivors();
const mutants = survivors.flatMap((group) => group.mutants);

describe('the mutants that no test notices', () => {
  test('stand where the list says', () => {
    const gone = mutants.filter(({ file, line }) => {
      const lines = readFileSync(file, 'utf8').split('\n');
      return !lines.some((each) => each.trim() === line);
    });
    expect(gone).toEqual([]);
  });

  test('are listed once', () => {
    expect(new Set(mutants.map(keyOf)).size).toBe(mutants.length);
  });

  test('are on the page, each with its reason', () => {
    expect(readFileSync(page, 'utf8')).toContain(survivorsTable(survivors));
  });
});
