import { z } from 'zod';
import type { FeaturePlugin } from '../../src/plugin/contract.ts';
import { hostOf } from '../../src/plugin/host-file.ts';
import { parseOptions } from '../../src/plugin/options.ts';
import { runProbes } from '../../src/plugin/probe.ts';
import { requiredAttributes, scanDevices } from './device.ts';
import { labelsOf } from './labels.ts';

const optionsSchema = z.strictObject({
  /** Hexadecimal starts of PCI class codes (PCI Code and ID Assignment, class code) whose devices get labels. */
  deviceClassWhitelist: z
    .array(z.string().regex(/^[0-9a-f]{1,4}$/i, 'is not 1 to 4 hexadecimal digits'))
    .default([
      '03', // display controllers
      '0b40', // co-processors
      '12', // processing accelerators
    ]),
  /** What the name of a label is made of, always in the order of {@link requiredAttributes}. */
  deviceLabelFields: z.array(z.enum(requiredAttributes)).min(1).default(['class', 'vendor']),
});

/** Features of the PCI bus; see README.md. */
export default function pci(options: unknown): FeaturePlugin {
  const { deviceClassWhitelist, deviceLabelFields } = parseOptions('pci', optionsSchema, options);
  return {
    name: 'pci',
    async discover(context) {
      const host = hostOf(context);
      const features = await runProbes({ device: () => scanDevices(host, context.log) }, context);
      const devices = features.instances['device']?.elements.map(({ attributes }) => attributes) ?? [];
      const labels = labelsOf(devices, deviceClassWhitelist, deviceLabelFields);
      if (devices.length > 0 && Object.keys(labels).length === 0) {
        context.log.debug('no device is of a class that gets a label', {
          devices: devices.length,
          classes: [...new Set(devices.map((device) => device['class']))].sort().join(' '),
          deviceClassWhitelist: deviceClassWhitelist.join(' '),
        });
      }
      return { features, labels };
    },
  };
}
