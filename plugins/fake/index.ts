import { z } from 'zod';
import type { FeaturePlugin } from '../../src/plugin/contract.ts';
import { parseOptions } from '../../src/plugin/options.ts';
import { runProbes } from '../../src/plugin/probe.ts';

const texts = z.record(z.string(), z.string());

const optionsSchema = z.strictObject({
  labels: texts.default({ fakefeature1: 'true', fakefeature2: 'true', fakefeature3: 'true' }),
  flagFeatures: z.array(z.string()).default(['flag_1', 'flag_2', 'flag_3']),
  attributeFeatures: texts.default({ attr_1: 'true', attr_2: 'false', attr_3: '10' }),
  instanceFeatures: z
    .array(texts)
    .default([
      { name: 'instance_1', attr_1: 'true', attr_2: 'false', attr_3: '10', attr_4: 'foobar' },
      { name: 'instance_2', attr_1: 'true', attr_2: 'true', attr_3: '100' },
      { name: 'instance_3' },
    ]),
});

/** Features that are not there: for trying rules and policies; see README.md. */
export default function fake(options: unknown): FeaturePlugin {
  const { labels, flagFeatures, attributeFeatures, instanceFeatures } = parseOptions(
    'fake',
    optionsSchema,
    options,
  );
  return {
    name: 'fake',
    async discover(context) {
      const features = await runProbes(
        {
          flag: async () => ({ flags: flagFeatures }),
          attribute: async () => ({ attributes: attributeFeatures }),
          instance: async () => ({ instances: instanceFeatures }),
        },
        context,
      );
      return { features, labels };
    },
  };
}
