import { unreadable, type Host } from '../../src/plugin/host/host.ts';
import type { Finding } from '../../src/plugin/probe.ts';

const processors = '/sys/bus/cpu/devices';

/** Whether cores have several threads, and how many sockets there are (Linux, Documentation/admin-guide/cputopology). */
export async function findTopology(host: Host): Promise<Finding | undefined> {
  const names = await host.list(processors);
  if (names === undefined) return undefined;
  const sockets = new Set<string>();
  let multithreading = false;
  for (const name of names) {
    const siblings = await required(host, `${processors}/${name}/topology/thread_siblings_list`, /^[\d,-]+$/);
    if (/[,-]/.test(siblings)) multithreading = true;
    sockets.add(await required(host, `${processors}/${name}/topology/physical_package_id`, /^-?\d+$/));
  }
  return {
    attributes: { hardware_multithreading: String(multithreading), socket_count: String(sockets.size) },
  };
}

async function required(host: Host, file: string, pattern: RegExp): Promise<string> {
  const value = await host.value(file, pattern);
  if (value === undefined) throw unreadable(file, 'is missing');
  return value;
}
