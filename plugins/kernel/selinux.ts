import type { Host } from '../../src/plugin/host/host.ts';
import type { Finding } from '../../src/plugin/probe.ts';

/** Whether SELinux enforces; permissive counts as not enabled. */
export async function findSelinux(host: Host): Promise<Finding | undefined> {
  if (!(await host.exists('/sys/fs'))) return undefined;
  const enforce = await host.value('/sys/fs/selinux/enforce', /^[01]$/);
  return { attributes: { enabled: String(enforce === '1') } };
}
