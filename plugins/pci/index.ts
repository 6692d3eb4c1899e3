import type { FeaturePlugin } from '../../src/plugin/contract.ts';
import { deviceLabelOptions } from '../../src/plugin/device-labels.ts';
import { parseOptions } from '../../src/plugin/options.ts';
import { runProbes } from '../../src/plugin/probe.ts';
import { requiredAttributes, scanDevices } from './device.ts';
import { labelsOf } from './labels.ts';

/** Class codes: PCI Code and ID Assignment Specification, section 1. */
const optionsSchema = deviceLabelOptions({
  digits: 4,
  classes: [
    '03', // display controllers
    '0b40', // co-processors
    '12', // processing accelerators
  ],
  fields: requiredAttributes,
  labelFields: ['class', 'vendor'],
});

/** Features of the PCI bus; see README.md. */
export default function pci(options: unknown): FeaturePlugin {
  const labelOptions = parseOptions('pci', optionsSchema, options);
  return {
    name: 'pci',
    async discover(context) {
      const { host } = context;
      const features = await runProbes({ device: () => scanDevices(host, context) }, context);
      const devices = features.instances['device']?.elements.map(({ attributes }) => attributes) ?? [];
      const labels = labelsOf(devices, labelOptions);
      if (devices.length > 0 && Object.keys(labels).length === 0) {
        context.log.debug('no device is of a class that gets a label', {
          devices: devices.length,
          classes: [...new Set(devices.map((device) => device['class']))].sort().join(' '),
          deviceClassWhitelist: labelOptions.deviceClassWhitelist.join(' '),
        });
      }
      return { features, labels, fromHostAlone: true };
    },
  };
}
