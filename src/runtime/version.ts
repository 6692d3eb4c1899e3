import { readFileSync } from 'node:fs';
import { findPackageJSON } from 'node:module';
import { dirname } from 'node:path';
import { z } from 'zod';

const packageSchema = z.object({ version: z.string() });

/** The version in package.json, as published objects and `--version` show it. */
export function packageVersion(): string {
  const file = findPackageJSON(import.meta.url);
  const text = file === undefined ? '{}' : readFileSync(file, 'utf8');
  return packageSchema.safeParse(JSON.parse(text)).data?.version ?? 'unknown';
}

/** The folder of this package, where package.json is. */
export function packageRoot(): string {
  return dirname(findPackageJSON(import.meta.url) ?? import.meta.dirname);
}
