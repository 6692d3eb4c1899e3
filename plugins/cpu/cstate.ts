import { unreadable, type Host } from '../../src/plugin/host/host.ts';
import type { Finding } from '../../src/plugin/probe.ts';

const cpuidle = '/sys/devices/system/cpu/cpuidle';
const deepest = '/sys/module/intel_idle/parameters/max_cstate';

/** Whether idle states are enabled, where Intel's driver rules them; other drivers say nothing of it. */
export async function findCstate(host: Host): Promise<Finding> {
  if (!(await host.exists(cpuidle))) return { attributes: {} };
  const driver = await host.value(`${cpuidle}/current_driver`, /^[\w-]+$/);
  if (driver !== 'intel_idle') return { attributes: {} };
  const state = await host.value(deepest, /^\d{1,4}$/);
  if (state === undefined) throw unreadable(deepest, 'is missing');
  return { attributes: { enabled: String(Number(state) > 0) } };
}
