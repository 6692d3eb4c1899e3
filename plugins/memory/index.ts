import { z } from 'zod';
import type { FeaturePlugin, Features } from '../../src/plugin/contract.ts';
import { parseOptions } from '../../src/plugin/options.ts';
import { runProbes } from '../../src/plugin/probe.ts';
import { findHugePages } from './hugepages.ts';
import { findNuma } from './numa.ts';
import { findPersistentMemory } from './nv.ts';
import { findSwap } from './swap.ts';

/** Features of memory; see README.md. */
export default function memory(options: unknown): FeaturePlugin {
  parseOptions('memory', z.strictObject({}), options);
  return {
    name: 'memory',
    async discover(context) {
      const { host } = context;
      const features = await runProbes(
        {
          numa: () => findNuma(host),
          swap: () => findSwap(host),
          nv: () => findPersistentMemory(host, context),
          hugepages: () => findHugePages(host, context),
        },
        context,
      );
      return { features, labels: labelsOf(features), fromHostAlone: true };
    },
  };
}

function labelsOf({ attributes, instances }: Features): Record<string, string> {
  const devices = instances['nv']?.elements ?? [];
  const labels: readonly (readonly [key: string, holds: boolean])[] = [
    ['numa', attributes['numa']?.elements['is_numa'] === 'true'],
    ['swap', attributes['swap']?.elements['enabled'] === 'true'],
    ['nv.present', devices.length > 0],
    ['nv.dax', devices.some((device) => device.attributes['devtype'] === 'nd_dax')],
  ];
  return Object.fromEntries(labels.filter(([, holds]) => holds).map(([key]) => [key, 'true']));
}
