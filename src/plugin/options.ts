import type { z } from 'zod';
import { FeaturesealError } from '../error.ts';

/**
 * The options of a plugin, checked; absent options are none.
 *
 * @throws FeaturesealError plugin-invalid, every fault listed
 */
export function parseOptions<Options>(plugin: string, schema: z.ZodType<Options>, options: unknown): Options {
  const result = schema.safeParse(options ?? {});
  if (result.success) return result.data;
  const faults = result.error.issues.map(({ path, message }) =>
    path.length === 0 ? message : `${path.map(String).join('.')}: ${message}`,
  );
  throw new FeaturesealError({
    code: 'plugin-invalid',
    message: `the options of ${plugin} are wrong: ${faults.join('; ')}`,
  });
}
