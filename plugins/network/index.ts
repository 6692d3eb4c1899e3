import { z } from 'zod';
import type { FeaturePlugin } from '../../src/plugin/contract.ts';
import type { Device } from '../../src/plugin/devices.ts';
import { parseOptions } from '../../src/plugin/options.ts';
import { runProbes } from '../../src/plugin/probe.ts';
import { scanInterfaces } from './interfaces.ts';

const optionsSchema = z.strictObject({
  /** Starts of the names of interfaces that are not told of, such as `veth`. */
  ignoredInterfaces: z.array(z.string().min(1)).default([]),
});

/** Features of network interfaces; see README.md. */
export default function network(options: unknown): FeaturePlugin {
  const { ignoredInterfaces } = parseOptions('network', optionsSchema, options);
  return {
    name: 'network',
    async discover(context) {
      // Scanned once; both features are lost where it cannot be done.
      const interfaces = scanInterfaces(context.host, ignoredInterfaces, context);
      const features = await runProbes(
        {
          device: async () => instancesOf((await interfaces)?.devices),
          virtual: async () => instancesOf((await interfaces)?.virtual),
        },
        context,
      );
      const devices = features.instances['device']?.elements.map(({ attributes }) => attributes) ?? [];
      return { features, labels: labelsOf(devices), fromHostAlone: true };
    },
  };
}

function instancesOf(instances: readonly Device[] | undefined): { instances: readonly Device[] } | undefined {
  return instances && { instances };
}

function labelsOf(devices: readonly Device[]): Record<string, string> {
  const any = (attribute: string): boolean => devices.some((device) => Number(device[attribute] ?? 0) > 0);
  return {
    ...(any('sriov_totalvfs') ? { 'sriov.capable': 'true' } : {}),
    ...(any('sriov_numvfs') ? { 'sriov.configured': 'true' } : {}),
  };
}
