import type { Host } from '../../src/plugin/host/host.ts';
import type { Finding } from '../../src/plugin/probe.ts';

/** How many NUMA nodes there are (Linux, Documentation/ABI/stable/sysfs-devices-node). */
export async function findNuma(host: Host): Promise<Finding | undefined> {
  const nodes = await host.list('/sys/bus/node/devices');
  if (nodes === undefined) return undefined;
  return { attributes: { is_numa: String(nodes.length > 1), node_count: String(nodes.length) } };
}
