import type { FeaturePlugin } from '../../src/plugin/contract.ts';
import { deviceLabelOptions, labelledDevices } from '../../src/plugin/device-labels.ts';
import { parseOptions } from '../../src/plugin/options.ts';
import { runProbes } from '../../src/plugin/probe.ts';
import { deviceAttributes, scanDevices } from './device.ts';

/** Class codes: USB-IF, Defined Class Codes. */
const optionsSchema = deviceLabelOptions({
  digits: 2,
  classes: [
    '0e', // video
    'ef', // miscellaneous
    'fe', // application specific
    'ff', // vendor specific
  ],
  fields: deviceAttributes,
  labelFields: ['class', 'vendor', 'device'],
});

/** Features of the USB bus; see README.md. */
export default function usb(options: unknown): FeaturePlugin {
  const labelOptions = parseOptions('usb', optionsSchema, options);
  return {
    name: 'usb',
    async discover(context) {
      const { host } = context;
      const features = await runProbes({ device: () => scanDevices(host, context) }, context);
      const devices = features.instances['device']?.elements.map(({ attributes }) => attributes) ?? [];
      const kinds = labelledDevices(devices, labelOptions, deviceAttributes).map(([kind]) => kind);
      return {
        features,
        labels: Object.fromEntries(kinds.map((kind) => [`${kind}.present`, 'true'])),
        fromHostAlone: true,
      };
    },
  };
}
