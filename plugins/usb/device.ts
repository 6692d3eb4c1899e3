import type { DiscoverContext } from '../../src/plugin/contract.ts';
import { readAttributes, readEach, type Device } from '../../src/plugin/devices.ts';
import type { Host } from '../../src/plugin/host/host.ts';
import type { Finding } from '../../src/plugin/probe.ts';

/** What a device may tell of itself, in the order of labels. */
export const deviceAttributes = ['class', 'vendor', 'device', 'serial'] as const;

/** Linux, Documentation/ABI/stable/sysfs-bus-usb; numbers as USB 2.0 section 9.6.1 has them. */
const files = [
  ['class', 'bDeviceClass', /^[0-9a-f]{2}$/],
  ['vendor', 'idVendor', /^[0-9a-f]{4}$/],
  ['device', 'idProduct', /^[0-9a-f]{4}$/],
  ['serial', 'serial', /^[^\p{Cc}]+$/u],
] as const;

const interfaceFiles = [['class', 'bInterfaceClass', /^[0-9a-f]{2}$/]] as const;
/** USB 2.0 table 9-8: the class is told by each interface. */
const classPerInterface = '00';

const bus = '/sys/bus/usb/devices';

/** All devices by their place on the bus; one that tells its class by interface is an instance for each of them. */
export async function scanDevices(host: Host, context: DiscoverContext): Promise<Finding> {
  const devices = await readEach(host, bus, (folder) => readDevice(host, folder, context), {
    what: 'USB device',
    ...context,
  });
  return { instances: devices?.flat() ?? [] };
}

/** None for what else stands on the bus: interfaces have no product. */
async function readDevice(host: Host, folder: string, context: DiscoverContext): Promise<Device[]> {
  if (!(await host.exists(`${folder}/idProduct`))) return [];
  const device = await readAttributes(host, folder, files, context);
  if (device['class'] !== classPerInterface) return [device];
  const entries = (await host.list(folder)) ?? [];
  // `1-4:1.0`: bus and ports, configuration, interface.
  const interfaces = entries.filter((name) => /:\d+\.\d+$/.test(name));
  const classes = await Promise.all(
    interfaces.map((name) => readAttributes(host, `${folder}/${name}`, interfaceFiles, context)),
  );
  return classes.filter((each) => each['class'] !== undefined).map((each) => ({ ...device, ...each }));
}
