import type { Host } from '../../src/plugin/host/host.ts';
import type { Finding } from '../../src/plugin/probe.ts';

/** Performance counters of each kind of core (Linux, Documentation/admin-guide/perf/hybrid). */
const kinds = ['cpu_atom', 'cpu_core'];

/** Which kinds of cores a processor mixes; undefined where all of them are alike. */
export async function findHybrid(host: Host): Promise<Finding | undefined> {
  const present: string[] = [];
  for (const kind of kinds) if (await host.exists(`/sys/devices/${kind}/cpus`)) present.push(kind);
  return present.length === 0
    ? undefined
    : { attributes: Object.fromEntries(present.map((kind) => [kind, 'true'])) };
}
