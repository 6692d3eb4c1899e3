import type { DiscoverContext } from '../../src/plugin/contract.ts';
import { readAttributes, readEach } from '../../src/plugin/devices.ts';
import type { Host } from '../../src/plugin/host/host.ts';
import type { Finding } from '../../src/plugin/probe.ts';

const bus = '/sys/bus/nd/devices';

const attributes = [
  ['devtype', 'devtype', /^\w+$/],
  ['mode', 'mode', /^\w+$/],
] as const;

/** Devices of non-volatile memory: buses, regions, namespaces (Linux, Documentation/driver-api/nvdimm). */
export async function findPersistentMemory(host: Host, context: DiscoverContext): Promise<Finding> {
  const instances = await readEach(
    host,
    bus,
    async (folder, name) => ({ name, ...(await readAttributes(host, folder, attributes, context)) }),
    { what: 'NVDIMM device', ...context },
  );
  return { instances: instances ?? [] };
}
