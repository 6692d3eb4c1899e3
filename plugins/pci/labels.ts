import { requiredAttributes, type Device } from './device.ts';

/**
 * `<class>_<vendor>.present` for each kind of device whose class begins with one of `classes`, and `.sriov.capable`
 * where the device has virtual functions to give, even if their number is 0.
 */
export function labelsOf(
  devices: readonly Device[],
  classes: readonly string[],
  fields: readonly string[],
): Record<string, string> {
  const ordered = requiredAttributes.filter((attribute) => fields.includes(attribute));
  const chosen = devices.filter((device) =>
    classes.some((start) => device['class']?.startsWith(start.toLowerCase())),
  );
  const keys = chosen.flatMap((device) => {
    const kind = ordered.map((attribute) => device[attribute]).join('_');
    const capable = Object.hasOwn(device, 'sriov_totalvfs');
    return capable ? [`${kind}.present`, `${kind}.sriov.capable`] : [`${kind}.present`];
  });
  return Object.fromEntries(keys.map((key) => [key, 'true']));
}
