import type { DiscoverContext } from '../../src/plugin/contract.ts';
import { readAttributes, readEach } from '../../src/plugin/devices.ts';
import type { Host } from '../../src/plugin/host/host.ts';
import type { Finding } from '../../src/plugin/probe.ts';

const folder = '/sys/block';

/** Linux, Documentation/ABI/stable/sysfs-block, queue/. */
const attributes = [
  ['dax', 'queue/dax', /^[01]$/],
  ['rotational', 'queue/rotational', /^[01]$/],
  ['nr_zones', 'queue/nr_zones', /^\d+$/],
  ['zoned', 'queue/zoned', /^[a-z-]+$/],
] as const;

/** All block devices, partitions not counted. */
export async function scanBlockDevices(host: Host, context: DiscoverContext): Promise<Finding | undefined> {
  const instances = await readEach(
    host,
    folder,
    async (path, name) => ({ name, ...(await readAttributes(host, path, attributes, context)) }),
    { what: 'block device', ...context },
  );
  return instances && { instances };
}
