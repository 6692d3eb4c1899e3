import { z } from 'zod';
import type { FeaturePlugin, Host } from '../../src/plugin/contract.ts';
import { readEach } from '../../src/plugin/devices.ts';
import { defaultLabelNamespace } from '../../src/plugin/label.ts';
import { parseOptions } from '../../src/plugin/options.ts';
import { runProbes } from '../../src/plugin/probe.ts';

/** PCI vendor ID of Mellanox, whose adapters do RDMA. */
const rdmaVendor = '0x15b3';
/** Modules through which programs reach RDMA (Linux, Documentation/infiniband/user_verbs). */
const rdmaModules = ['ib_uverbs', 'rdma_ucm'];

/** Whether RDMA can be done and whether programs can use it; see README.md. */
export default function rdma(options: unknown): FeaturePlugin {
  parseOptions('rdma', z.strictObject({}), options);
  return {
    name: 'rdma',
    async discover(context) {
      const { host } = context;
      const readVendor = (folder: string) => host.value(`${folder}/vendor`, /^0x[0-9a-f]{4}$/i);
      const findCapable = async () => {
        const vendors = await readEach(host, '/sys/bus/pci/devices', readVendor, {
          what: 'PCI device',
          ...context,
        });
        return vendors && { attributes: { capable: String(vendors.includes(rdmaVendor)) } };
      };
      const features = await runProbes(
        { adapter: findCapable, interface: () => findAvailable(host) },
        context,
      );
      const states = Object.values(features.attributes).flatMap(({ elements }) => Object.entries(elements));
      const labels = states
        .filter(([, value]) => value === 'true')
        .map(([name]) => [`${defaultLabelNamespace}/rdma.${name}`, 'true'] as const);
      return { features, labels: Object.fromEntries(labels), fromHostAlone: true };
    },
  };
}

async function findAvailable(host: Host): Promise<{ attributes: Record<string, string> } | undefined> {
  const text = await host.text('/proc/modules', 1024 * 1024);
  if (text === undefined) return undefined;
  const loaded = new Set(text.split('\n').map((line) => line.split(' ')[0]));
  return { attributes: { available: String(rdmaModules.every((name) => loaded.has(name))) } };
}
