import { z } from 'zod';
import { commonSettings } from '../runtime/common-settings.ts';
import { duration, type SettingMeta } from '../runtime/settings.ts';
import { modes } from '../seal/policy.ts';

/** Configuration of the master: file, flags and docs/reference/master.md come from here. */
export const masterConfigSchema = z.strictObject({
  policy: z
    .string()
    .min(1)
    .meta({
      description: 'Policy file; docs/policy.md. Required.',
      placeholder: 'file',
    } satisfies SettingMeta),
  mode: z
    .enum(modes)
    .optional()
    .meta({
      description: `Overrides the mode of the policy file: ${modes.join(', ')}.`,
      placeholder: 'mode',
      shownDefault: 'that of the policy file',
    } satisfies SettingMeta),
  ...commonSettings,
  maxAge: duration.default(24 * 60 * 60_000).meta({
    description: 'Age beyond which a verified object is shown as stale; it stays in use.',
    placeholder: 'duration',
    shownDefault: '1d',
  } satisfies SettingMeta),
  deletionGrace: duration.default(5 * 60_000).meta({
    description: 'How long what was deleted, is missing or was withdrawn still counts.',
    placeholder: 'duration',
    shownDefault: '5m',
  } satisfies SettingMeta),
  leaderElection: z
    .boolean()
    .default(false)
    .meta({
      description:
        'Take part in the election of one writer among several masters (a Lease in the namespace of this process).',
      shownDefault: 'false',
    } satisfies SettingMeta),
  once: z
    .boolean()
    .default(false)
    .meta({
      description: 'Judge what there is, label, then end.',
      shownDefault: 'false',
    } satisfies SettingMeta),
});

export type MasterConfig = z.infer<typeof masterConfigSchema>;
