import { createHash } from 'node:crypto';
import { globSync, readFileSync } from 'node:fs';

/** What is mutated: all that judges what others send. */
const mutatedFiles: readonly string[] = ['src/seal/**/*.ts', 'src/spiffe/**/*.ts'];

/** The tests that have to see it. */
export const testFiles: readonly string[] = [
  'test/unit/seal/**/*.test.ts',
  'test/unit/spiffe/**/*.test.ts',
  'test/unit/docs/seal-vectors.test.ts',
];

/** Modules that keep what they made once: a mutant in them is judged in modules that are loaded for it. */
export const remembering: readonly string[] = ['src/spiffe/workload-api/service.ts'];

const blockLines = 10;

export function allFiles(): readonly string[] {
  return globSync([...mutatedFiles]).sort();
}

/**
 * Blocks of ten lines, `lines` of them together, as Stryker names them. The text of the files decides which: the same tree
 * is asked the same questions each time, and every change is asked others.
 */
export function sample(lines: number): readonly string[] {
  const texts = new Map(allFiles().map((file) => [file, readFileSync(file, 'utf8')]));
  const seed = hash([...texts].flat().join('\0'));
  const blocks = [...texts].flatMap(([file, text]) =>
    Array.from({ length: Math.ceil(text.split('\n').length / blockLines) }, (_, index) => {
      const first = index * blockLines + 1;
      return `${file}:${first}-${first + blockLines - 1}`;
    }),
  );
  const byChance = blocks.map((block) => ({ block, rank: hash(seed + block) }));
  byChance.sort((a, b) => (a.rank < b.rank ? -1 : 1));
  return byChance.slice(0, Math.ceil(lines / blockLines)).map(({ block }) => block);
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
