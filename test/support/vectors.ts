import { describe } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Reads a JSON file of the public test vectors. */
export type ReadVectors = (file: string) => unknown;

/**
 * A suite over public test vectors, which are no part of this project: `VECTORS_DIR` says where they lie. Where it is
 * unset the suite is shown as skipped, with the reason.
 */
export function describeVectors(name: string, folder: string, suite: (read: ReadVectors) => void): void {
  const directory = process.env['VECTORS_DIR'];
  if (directory === undefined || directory === '') {
    describe.skip(`${name} (skipped: VECTORS_DIR is not set)`, () => suite(() => undefined));
    return;
  }
  describe(name, () => suite((file) => JSON.parse(readFileSync(join(directory, folder, file), 'utf8'))));
}
