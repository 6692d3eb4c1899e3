import type { Host } from '../../src/plugin/host/host.ts';
import type { Finding } from '../../src/plugin/probe.ts';

/** The compression accelerator of POWER processors. */
export async function findCoprocessor(host: Host): Promise<Finding> {
  const present = await host.exists('/sys/devices/vio/ibm,compression-v1/nx_gzip_caps');
  return { attributes: present ? { nx_gzip: 'true' } : {} };
}
