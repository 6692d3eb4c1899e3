import type { Host } from '../../src/plugin/host/host.ts';
import type { Finding } from '../../src/plugin/probe.ts';
import type { Processor } from './processor.ts';

/** Names of Resource Director Technology, each with the kernel's flags that it needs (Intel SDM volume 3B, RDT). */
const capabilities: readonly (readonly [name: string, needs: readonly string[]])[] = [
  ['RDTMON', ['cqm', 'cqm_llc']],
  ['RDTCMT', ['cqm', 'cqm_llc', 'cqm_occup_llc']],
  ['RDTMBM', ['cqm', 'cqm_llc', 'cqm_mbm_total', 'cqm_mbm_local']],
  ['RDTL3CA', ['rdt_a', 'cat_l3']],
  ['RDTL2CA', ['rdt_a', 'cat_l2']],
  ['RDTMBA', ['rdt_a', 'mba']],
];

/** Monitoring and allocation of cache and memory bandwidth. For rules: it gives no label. */
export async function findRdt(host: Host, processor: Processor): Promise<Finding> {
  const { kernelFlags } = processor;
  const attributes = Object.fromEntries(
    capabilities
      .filter(([, needs]) => needs.every((flag) => kernelFlags.has(flag)))
      .map(([name]) => [name, 'true'] as const),
  );
  if (attributes['RDTL3CA'] === undefined) return { attributes };
  const classes = await host.value('/sys/fs/resctrl/info/L3/num_closids', /^[1-9]\d{0,5}$/);
  if (classes === undefined) return { attributes };
  // One class is the default group, which is nobody's to give.
  return { attributes: { ...attributes, RDTL3CA_NUM_CLOSID: String(Number(classes) - 1) } };
}
