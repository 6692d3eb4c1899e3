import type { DiscoverContext } from '../../src/plugin/contract.ts';
import { readAttributes, readEach, type Device } from '../../src/plugin/devices.ts';
import type { Host } from '../../src/plugin/host/host.ts';

const folder = '/sys/class/net';
/** A file of the bonding driver among the interfaces. */
const notAnInterface = 'bonding_masters';

/** Linux, Documentation/ABI/testing/sysfs-class-net. */
const common = [
  ['operstate', 'operstate', /^[a-z]+$/],
  ['speed', 'speed', /^-?\d+$/],
  ['mtu', 'mtu', /^\d+$/],
] as const;

/** Virtual functions of a PCI device (Linux, Documentation/ABI/testing/sysfs-bus-pci). */
const ofDevices = [
  ...common,
  ['sriov_numvfs', 'device/sriov_numvfs', /^\d+$/],
  ['sriov_totalvfs', 'device/sriov_totalvfs', /^\d+$/],
] as const;

export interface Interfaces {
  /** Those with hardware behind them. */
  readonly devices: readonly Device[];
  readonly virtual: readonly Device[];
}

/** All network interfaces of the host's own network namespace; undefined where its sysfs tells of none. */
export async function scanInterfaces(
  host: Host,
  ignored: readonly string[],
  context: DiscoverContext,
): Promise<Interfaces | undefined> {
  const isIgnored = (name: string): boolean =>
    name === notAnInterface || ignored.some((start) => name.startsWith(start));
  const interfaces = await readEach(
    host,
    folder,
    async (path, name) => {
      if (isIgnored(name)) return undefined;
      const isDevice = await host.exists(`${path}/device`);
      const attributes = await readAttributes(host, path, isDevice ? ofDevices : common, context);
      return { isDevice, device: { name, ...attributes } };
    },
    { what: 'network interface', ...context },
  );
  if (interfaces === undefined) return undefined;
  const found = interfaces.filter((each) => each !== undefined);
  return {
    devices: found.filter(({ isDevice }) => isDevice).map(({ device }) => device),
    virtual: found.filter(({ isDevice }) => !isDevice).map(({ device }) => device),
  };
}
