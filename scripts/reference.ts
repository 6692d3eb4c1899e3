// Writes docs/reference from the schemas and tables of the source: npm run reference
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { referencePages } from '../test/support/reference.ts';

const folder = join(import.meta.dirname, '..', 'docs', 'reference');
await mkdir(folder, { recursive: true });
for (const [name, text] of referencePages()) await writeFile(join(folder, name), text);
