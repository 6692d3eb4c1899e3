import type { Log } from '../../src/plugin/contract.ts';
import { unreadable, type Host } from '../../src/plugin/host-file.ts';
import type { Finding } from '../../src/plugin/probe.ts';
import { reasonOf } from '../../src/plugin/thrown.ts';

/** What every device tells of itself (Linux, Documentation/ABI/testing/sysfs-bus-pci). */
export const requiredAttributes = [
  'class',
  'vendor',
  'device',
  'subsystem_vendor',
  'subsystem_device',
] as const;

/** What some devices tell, with the values that make sense. */
const optionalAttributes = [
  ['sriov_totalvfs', /^\d+$/],
  ['iommu_group/type', /^[\w-]+$/],
  ['iommu/intel-iommu/version', /^[\w.:]+$/],
] as const;

export type Device = Readonly<Record<string, string>>;

const bus = '/sys/bus/pci/devices';

/** All devices in the order of their addresses. One that cannot be read is left out, with a log line. */
export async function scanDevices(host: Host, log: Log): Promise<Finding | undefined> {
  const addresses = await host.list(bus);
  if (addresses === undefined) {
    log.debug('the host has no PCI bus', { file: bus });
    return undefined;
  }
  const instances: Device[] = [];
  for (const address of addresses) {
    try {
      instances.push(await readDevice(host, `${bus}/${address}`, log));
    } catch (thrown) {
      log.warn('PCI device left out', { device: address, reason: reasonOf(thrown) });
    }
  }
  return { instances };
}

async function readDevice(host: Host, folder: string, log: Log): Promise<Device> {
  const device: Record<string, string> = {};
  for (const name of requiredAttributes) {
    const value = await host.value(`${folder}/${name}`, /^0x[0-9a-f]{4,8}$/i);
    if (value === undefined) throw unreadable(`${folder}/${name}`, 'is missing');
    // Class and subclass; the programming interface after them says nothing about what a device is for.
    device[name] = name === 'class' ? value.slice(2, 6) : value.slice(2);
  }
  for (const [name, pattern] of optionalAttributes) {
    try {
      const value = await host.value(`${folder}/${name}`, pattern);
      if (value !== undefined) device[name] = value;
    } catch (thrown) {
      log.warn('PCI attribute left out', { reason: reasonOf(thrown) });
    }
  }
  return device;
}
