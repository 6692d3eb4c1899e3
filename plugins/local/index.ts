import { z } from 'zod';
import type { FeaturePlugin } from '../../src/plugin/contract.ts';
import { defaultLabelNamespace } from '../../src/plugin/label.ts';
import { parseOptions } from '../../src/plugin/options.ts';
import { runProbes } from '../../src/plugin/probe.ts';
import { watchFolder } from '../../src/plugin/watch-folder.ts';
import { readFeatureFiles } from './feature-files.ts';

const optionsSchema = z.strictObject({
  /** Where the feature files are: an absolute path on the host. */
  folder: z
    .string()
    .regex(/^(\/[^/\0]+)+$/, 'must be an absolute path')
    .refine((path) => !path.split('/').includes('..'), 'must not lead upwards')
    .default('/etc/kubernetes/node-feature-discovery/features.d'),
});

/** Features that other programs of the host write into files; see README.md. */
export default function local(options: unknown): FeaturePlugin {
  const { folder } = parseOptions('local', optionsSchema, options);
  return {
    name: 'local',
    async discover(context) {
      const { host } = context;
      const files = readFeatureFiles(host, folder, context);
      const features = await runProbes(
        {
          label: async () => ({ attributes: Object.fromEntries((await files).labels) }),
          feature: async () => ({ attributes: Object.fromEntries((await files).features) }),
        },
        context,
      );
      const labels = Object.entries(features.attributes['label']?.elements ?? {});
      // Where the files cannot be read the probes have said so.
      const expiry = await files.then(
        (found) => found.expiry,
        () => undefined,
      );
      return {
        features,
        labels: Object.fromEntries(labels.map(([key, value]) => [fullKey(key), value])),
        // A line counts until its very last moment.
        ...(expiry && { validUntil: new Date(expiry.getTime() + 1) }),
      };
    },
    watch: (context, onChange) => watchFolder({ ...context, folder }, onChange),
  };
}

/** As it stands in the file: these labels do not carry the name of this plugin. */
function fullKey(key: string): string {
  return key.includes('/') ? key : `${defaultLabelNamespace}/${key}`;
}
