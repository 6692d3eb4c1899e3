import type { Host } from '../../src/plugin/host/host.ts';
import type { Finding } from '../../src/plugin/probe.ts';

/** Whether virtual machines can run here: the device of KVM exists. */
export async function findKvm(host: Host): Promise<Finding | undefined> {
  if (!(await host.exists('/sys/devices'))) return undefined;
  return { attributes: { enabled: String(await host.exists('/sys/devices/virtual/misc/kvm')) } };
}
