import { z } from 'zod';
import { parseDuration } from './duration.ts';
import { parseObject, parseYaml, type ParseOptions } from './yaml-config.ts';

/**
 * Settings of a process: one schema gives the configuration file, the flags, the reference page and the types. A value
 * is what YAML holds or what a flag says, so every kind takes text. Flags win over the file, the file over the
 * environment that Kubernetes sets.
 */
export type SettingsSchema = z.ZodObject<Record<string, z.ZodType>>;

/** What the reference page and `--help` say of one setting. */
export interface SettingDescription {
  readonly key: string;
  /** `--like-this`; undefined for what only the file can say. */
  readonly flag: string | undefined;
  /** What stands behind the flag; undefined for a switch. */
  readonly placeholder: string | undefined;
  readonly text: string;
  readonly default: string | undefined;
}

const metaSchema = z.object({
  description: z.string(),
  placeholder: z.string().optional(),
  shownDefault: z.string().optional(),
  fileOnly: z.boolean().optional(),
});

/** Attached to each key of a schema with `.meta(...)`. */
export type SettingMeta = z.infer<typeof metaSchema>;

/** `90s`, `15m`, `1h`, `2d` as milliseconds. */
export const duration = z.string().transform((text, context): number => {
  try {
    return parseDuration(text);
  } catch {
    context.addIssue({ code: 'custom', message: 'must be a duration such as 90s, 15m, 1h or 2d' });
    return z.NEVER;
  }
});

/** A TCP port; 0 takes a free one. */
export const port = z.union([
  z.int().min(0).max(65_535),
  z
    .string()
    .regex(/^\d{1,5}$/, 'must be a port number')
    .transform(Number)
    .pipe(z.int().max(65_535)),
]);

/** Every setting of a schema, in its order. */
export function describeSettings(schema: SettingsSchema): readonly SettingDescription[] {
  return Object.entries(schema.shape).map(([key, each]) => {
    const { description, placeholder, shownDefault, fileOnly } = metaSchema.parse(each.meta());
    const flag =
      fileOnly === true
        ? undefined
        : `--${key.replaceAll(/[A-Z]+/g, (capitals) => `-${capitals.toLowerCase()}`)}`;
    return { key, flag, placeholder, text: description, default: shownDefault };
  });
}

export interface SettingsSources {
  /** Text of the configuration file and its name. */
  readonly file?: { readonly text: string; readonly name: string } | undefined;
  /** From the command line, by key; text or true. */
  readonly flags: Readonly<Record<string, unknown>>;
  /** From the environment, by key. */
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/**
 * All settings, defaults filled in.
 *
 * @throws FeaturesealError config-invalid with all faults; those of the file with line and column
 */
export function parseSettings<Schema extends SettingsSchema>(
  schema: Schema,
  sources: SettingsSources,
): z.infer<Schema> {
  const { file, flags, environment } = sources;
  const options: ParseOptions = { code: 'config-invalid', what: file?.name ?? 'configuration' };
  if (file !== undefined) parseYaml(file.text, schema.partial(), options);
  const fromFile = file === undefined ? {} : parseYaml(file.text, z.record(z.string(), z.unknown()), options);
  const merged = { ...defined(environment), ...fromFile, ...defined(flags) };
  return parseObject(merged, schema, { ...options, what: 'configuration' }) as z.infer<Schema>;
}

function defined(values: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(values).filter(([, value]) => value !== undefined && value !== ''),
  );
}
