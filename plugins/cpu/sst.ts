import type { Log } from '../../src/plugin/contract.ts';
import type { Host } from '../../src/plugin/host/host.ts';
import type { Finding } from '../../src/plugin/probe.ts';
import type { Processor } from './processor.ts';

const processors = '/sys/bus/cpu/devices';

/**
 * Speed Select Base Frequency: some processor's base frequency, in kHz, is above the nominal one, which only the
 * instruction tells (Intel SDM volume 2A, CPUID leaf 0x16, in MHz).
 */
export async function findSst(host: Host, processor: Processor, log: Log): Promise<Finding | undefined> {
  const nominal = (processor.instruction?.(0x16).eax ?? 0) & 0xffff;
  for (const name of (await host.list(processors)) ?? []) {
    const file = `${processors}/${name}/cpufreq/base_frequency`;
    const base = await host.value(file, /^\d{1,9}$/);
    if (base === undefined) continue;
    if (nominal === 0) {
      log.debug('base frequencies cannot be compared: without CPUID the nominal one is not known', { file });
      return undefined;
    }
    if (Math.floor(Number(base) / 1000) > nominal) return { attributes: { 'bf.enabled': 'true' } };
  }
  return { attributes: {} };
}
