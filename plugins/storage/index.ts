import { z } from 'zod';
import type { FeaturePlugin } from '../../src/plugin/contract.ts';
import { parseOptions } from '../../src/plugin/options.ts';
import { runProbes } from '../../src/plugin/probe.ts';
import { scanBlockDevices } from './block.ts';

/** Features of block devices; see README.md. */
export default function storage(options: unknown): FeaturePlugin {
  parseOptions('storage', z.strictObject({}), options);
  return {
    name: 'storage',
    async discover(context) {
      const { host } = context;
      const features = await runProbes({ block: () => scanBlockDevices(host, context) }, context);
      const devices = features.instances['block']?.elements ?? [];
      const isFast = devices.some(({ attributes }) => attributes['rotational'] === '0');
      return { features, labels: isFast ? { nonrotationaldisk: 'true' } : {}, fromHostAlone: true };
    },
  };
}
