import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';

const root = join(import.meta.dirname, '..', '..', '..');
const page = readFileSync(join(root, 'docs', 'threat-model.md'), 'utf8');
const rows = new Set([...page.matchAll(/^\| ([A-G]\d+) \|/gm)].map(([, row]) => row));

test('every threat that a comment of the source names is a row of docs/threat-model.md', () => {
  const named = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .flatMap(
      (file) => readFileSync(join(root, 'src', file), 'utf8').match(/threats? [A-G]\d+(, [A-G]\d+)*/g) ?? [],
    )
    .flatMap((text) => text.match(/[A-G]\d+/g) ?? []);
  expect(named.length).toBeGreaterThan(10);
  expect([...new Set(named)].filter((row) => !rows.has(row))).toEqual([]);
});
