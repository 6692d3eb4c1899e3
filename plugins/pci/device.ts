import type { DiscoverContext } from '../../src/plugin/contract.ts';
import { readAttributes, readEach, type Device } from '../../src/plugin/devices.ts';
import { unreadable, type Host } from '../../src/plugin/host/host.ts';
import type { Finding } from '../../src/plugin/probe.ts';

/** What every device tells of itself (Linux, Documentation/ABI/testing/sysfs-bus-pci). */
export const requiredAttributes = [
  'class',
  'vendor',
  'device',
  'subsystem_vendor',
  'subsystem_device',
] as const;

/** What some devices tell, with the values that make sense. */
const optionalAttributes = (
  [
    ['sriov_totalvfs', /^\d+$/],
    ['iommu_group/type', /^[\w-]+$/],
    ['iommu/intel-iommu/version', /^[\w.:]+$/],
  ] as const
).map(([file, pattern]) => [file, file, pattern] as const);

const bus = '/sys/bus/pci/devices';

/** All devices in the order of their addresses. One that cannot be read is left out, with a log line. */
export async function scanDevices(host: Host, context: DiscoverContext): Promise<Finding | undefined> {
  const read = (folder: string): Promise<Device> => readDevice(host, folder, context);
  const instances = await readEach(host, bus, read, { what: 'PCI device', ...context });
  if (instances === undefined) {
    context.log.debug('the host has no PCI bus', { file: bus });
    return undefined;
  }
  return { instances };
}

async function readDevice(host: Host, folder: string, context: DiscoverContext): Promise<Device> {
  const device: Record<string, string> = {};
  for (const name of requiredAttributes) {
    const value = await host.value(`${folder}/${name}`, /^0x[0-9a-f]{4,8}$/i);
    if (value === undefined) throw unreadable(`${folder}/${name}`, 'is missing');
    // Class and subclass; the programming interface after them says nothing about what a device is for.
    device[name] = name === 'class' ? value.slice(2, 6) : value.slice(2);
  }
  return { ...device, ...(await readAttributes(host, folder, optionalAttributes, context)) };
}
