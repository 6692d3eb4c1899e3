import type { Log } from '../../src/plugin/contract.ts';
import { unreadable, type Host } from '../../src/plugin/host/host.ts';
import type { Finding } from '../../src/plugin/probe.ts';
import { reasonOf } from '../../src/plugin/thrown.ts';

const cpu = '/sys/devices/system/cpu';
const driver = `${cpu}/intel_pstate`;

/** How Intel's driver scales frequency (Linux, Documentation/admin-guide/pm/intel_pstate.rst). */
export async function findPstate(host: Host, log: Log): Promise<Finding> {
  if (!(await host.exists(driver))) return { attributes: {} };
  const status = await host.value(`${driver}/status`, /^(?:active|passive|off)$/);
  if (status === undefined) throw unreadable(`${driver}/status`, 'is missing');
  if (status === 'off') return { attributes: {} };

  const disabled = await optional(() => host.value(`${driver}/no_turbo`, /^[01]$/), log);
  // In passive mode the governors are the kernel's general ones.
  const governor = status === 'active' ? await commonGovernor(host, log) : undefined;
  return {
    attributes: {
      status,
      ...(disabled === undefined ? {} : { turbo: String(disabled === '0') }),
      ...(governor === undefined ? {} : { scaling_governor: governor }),
    },
  };
}

/** The governor of all policies that rule a processor; undefined where they differ. */
async function commonGovernor(host: Host, log: Log): Promise<string | undefined> {
  const governors = new Set<string>();
  for (const policy of (await host.list(`${cpu}/cpufreq`)) ?? []) {
    const folder = `${cpu}/cpufreq/${policy}`;
    const governor = await optional(async () => {
      const processors = await host.value(`${folder}/affected_cpus`, /^[\d\s,-]*$/);
      if (processors === undefined || processors === '') return undefined;
      return await host.value(`${folder}/scaling_governor`, /^\w+$/);
    }, log);
    if (governor !== undefined) governors.add(governor);
  }
  const [only, ...others] = governors;
  return others.length === 0 ? only : undefined;
}

/** One value that may be missed without losing the feature. */
async function optional(read: () => Promise<string | undefined>, log: Log): Promise<string | undefined> {
  try {
    return await read();
  } catch (thrown) {
    log.warn('p-state attribute left out', { reason: reasonOf(thrown) });
    return undefined;
  }
}
