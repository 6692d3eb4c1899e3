import { z } from 'zod';
import { commonSettings } from '../runtime/common-settings.ts';
import { duration, type SettingMeta } from '../runtime/settings.ts';
import { parsePattern } from '../seal/pattern.ts';

const hourMs = 60 * 60_000;
/** A quarter of the master's default maxAge: an older seal would be stale between two re-signs. */
const longestResignMs = 6 * hourMs;

/** `cpu.cpuid`, `cpu.*` or `*`, as in a policy. */
const featurePattern = z.string().transform((text, context) => {
  const pattern = parsePattern(text, '.');
  if (pattern !== undefined) return pattern;
  context.addIssue('is neither a feature such as cpu.cpuid, nor cpu.*, nor *');
  return z.NEVER;
});

const plugin = z.strictObject({ module: z.string(), options: z.unknown().optional() });

/** Configuration of the worker: file, flags and docs/reference/worker.md come from here. */
export const workerConfigSchema = z.strictObject({
  cluster: z
    .string()
    .min(1)
    .max(63)
    .meta({
      description: 'Name of the cluster; the same as in the policy of its master. Required.',
      placeholder: 'name',
    } satisfies SettingMeta),
  node: z
    .string()
    .regex(
      /^[a-z0-9]([-a-z0-9.]{0,61}[a-z0-9])?$/,
      'must be the name of a Node; set it, or NODE_NAME from spec.nodeName',
    )
    .meta({
      description: 'Name of the Node that this worker runs on. Required.',
      placeholder: 'name',
      shownDefault: 'NODE_NAME',
    } satisfies SettingMeta),
  ...commonSettings,
  spiffeID: z
    .string()
    .optional()
    .meta({
      description: 'The SVID to sign with, where the Workload API gives several.',
      placeholder: 'id',
    } satisfies SettingMeta),
  hint: z
    .string()
    .optional()
    .meta({ description: 'The same by its hint.', placeholder: 'text' } satisfies SettingMeta),
  hostRoot: z
    .string()
    .startsWith('/', 'must be an absolute path')
    .default('/')
    .meta({
      description: 'Where the root of the host is mounted.',
      placeholder: 'dir',
      shownDefault: '/',
    } satisfies SettingMeta),
  procRoot: z
    .string()
    .startsWith('/', 'must be an absolute path')
    .optional()
    .meta({
      description:
        'A procfs to read files of the kernel from, such as /proc/modules, which the host root has not got.',
      placeholder: 'dir',
    } satisfies SettingMeta),
  plugins: z
    .array(plugin)
    .optional()
    .meta({
      description:
        'Plugins as a list of {module, options}; a package name, or ./file beside the configuration file. Plugins are trusted code.',
      shownDefault: 'all but fake',
      fileOnly: true,
    } satisfies SettingMeta),
  publishFeatures: z
    .array(featurePattern)
    .default([{ type: 'all' }])
    .meta({
      description: 'Features that are published: "cpu.cpuid", "cpu.*", "*". Labels always are.',
      shownDefault: '["*"]',
      fileOnly: true,
    } satisfies SettingMeta),
  noPublishFeatures: z
    .array(featurePattern)
    .default([])
    .meta({
      description: 'Features that are not, such as "kernel.config", which is most of the object.',
      shownDefault: '[]',
      fileOnly: true,
    } satisfies SettingMeta),
  pluginDeadline: duration.default(20_000).meta({
    description: 'How long one plugin may take.',
    placeholder: 'duration',
    shownDefault: '20s',
  } satisfies SettingMeta),
  discoverInterval: duration.default(60_000).meta({
    description: 'Time between two discoveries; nothing is published where nothing changed.',
    placeholder: 'duration',
    shownDefault: '60s',
  } satisfies SettingMeta),
  resignInterval: duration
    .refine((ms) => ms <= longestResignMs, "must be at most 6h, a quarter of the master's maxAge")
    .default(hourMs)
    .meta({
      description: 'Longest age of a seal before it is made anew.',
      placeholder: 'duration',
      shownDefault: '1h',
    } satisfies SettingMeta),
  once: z
    .boolean()
    .default(false)
    .meta({
      description: 'Discover, sign and publish once, then end.',
      shownDefault: 'false',
    } satisfies SettingMeta),
});

export type WorkerConfig = z.infer<typeof workerConfigSchema>;
