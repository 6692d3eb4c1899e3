import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { referencePages } from '../../support/reference.ts';

const folder = join(import.meta.dirname, '..', '..', '..', 'docs', 'reference');
const pages = referencePages();

test.each([...pages])('docs/reference/%s is what the source says (else: npm run reference)', (name, text) => {
  expect(readFileSync(join(folder, name), 'utf8')).toBe(text);
});

test('docs/reference holds nothing else', () => {
  expect(readdirSync(folder).sort()).toEqual([...pages.keys()].sort());
});
