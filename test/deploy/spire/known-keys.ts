import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';

/** Keys by their names, `*` for any; null where a value stands, of whatever form. */
export type Known = null | { readonly [key: string]: Known };

const knownSchema: z.ZodType<Known> = z.lazy(() => z.union([z.null(), z.record(z.string(), knownSchema)]));
const files = z.strictObject({ server: knownSchema, agent: knownSchema, controllerManager: knownSchema });

/** The keys that SPIRE 1.15 and spire-controller-manager 0.6 read. */
export const knownKeys = files.parse(
  parse(readFileSync(join(import.meta.dirname, '../../fixtures/spire-keys.yaml'), 'utf8'), { merge: true }),
);

/** The keys of a configuration that nobody reads, each with where it stands. */
export function unknownKeys(configuration: unknown, known: Known, path = ''): readonly string[] {
  if (known === null || typeof configuration !== 'object' || configuration === null) return [];
  return Object.entries(configuration).flatMap(([key, value]) => {
    const where = path === '' ? key : `${path}.${key}`;
    const below = key in known ? known[key] : known['*'];
    return below === undefined ? [where] : unknownKeys(value, below, where);
  });
}
