// Mutants that no test can tell from the program, or that no test has to: each with its reason.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

const file = join(import.meta.dirname, 'survivors.json');

/** One mutant: where it stands, by the text of its line and not by a number that changes; and `what it was => what it is`. */
const mutant = z.strictObject({ file: z.string(), line: z.string(), change: z.string() });
const survivors = z.array(z.strictObject({ reason: z.string().min(20), mutants: z.array(mutant).min(1) }));

export type ListedMutant = z.infer<typeof mutant>;
export type Survivors = z.infer<typeof survivors>;

export function readSurvivors(): Survivors {
  return survivors.parse(JSON.parse(readFileSync(file, 'utf8')));
}

export function keyOf({ file: source, line, change }: ListedMutant): string {
  return JSON.stringify([source, line, change]);
}
