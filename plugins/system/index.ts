import { z } from 'zod';
import type { FeaturePlugin, Features } from '../../src/plugin/contract.ts';
import { parseOptions } from '../../src/plugin/options.ts';
import { runProbes } from '../../src/plugin/probe.ts';
import { findDmi } from './dmi.ts';
import { findOsRelease } from './os-release.ts';

/** Entries of os-release that become labels. */
const labelled = ['ID', 'VERSION_ID', 'VERSION_ID.major', 'VERSION_ID.minor'];

/** Features of the machine as a whole; see README.md. */
export default function system(options: unknown): FeaturePlugin {
  parseOptions('system', z.strictObject({}), options);
  return {
    name: 'system',
    async discover(context) {
      const { host, nodeName } = context;
      const features = await runProbes(
        {
          osrelease: () => findOsRelease(host),
          dmiid: () => findDmi(host, context),
          name: async () => (nodeName === undefined ? undefined : { attributes: { nodename: nodeName } }),
        },
        context,
      );
      return { features, labels: labelsOf(features), fromHostAlone: true };
    },
  };
}

function labelsOf({ attributes }: Features): Record<string, string> {
  const entries = Object.entries(attributes['osrelease']?.elements ?? {});
  return Object.fromEntries(
    entries.filter(([key]) => labelled.includes(key)).map(([key, value]) => [`os_release.${key}`, value]),
  );
}
