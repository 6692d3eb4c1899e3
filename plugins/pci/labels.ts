import { labelledDevices, type DeviceLabelOptions } from '../../src/plugin/device-labels.ts';
import type { Device } from '../../src/plugin/devices.ts';
import { requiredAttributes } from './device.ts';

/**
 * `<class>_<vendor>.present` for each kind of device of a whitelisted class, and `.sriov.capable` where the device has
 * virtual functions to give, even if their number is 0.
 */
export function labelsOf(devices: readonly Device[], options: DeviceLabelOptions): Record<string, string> {
  const keys = labelledDevices(devices, options, requiredAttributes).flatMap(([kind, device]) => {
    const capable = Object.hasOwn(device, 'sriov_totalvfs');
    return capable ? [`${kind}.present`, `${kind}.sriov.capable`] : [`${kind}.present`];
  });
  return Object.fromEntries(keys.map((key) => [key, 'true']));
}
