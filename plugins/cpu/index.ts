import { z } from 'zod';
import type { FeaturePlugin } from '../../src/plugin/contract.ts';
import { parseOptions } from '../../src/plugin/options.ts';
import { runProbes } from '../../src/plugin/probe.ts';
import { findCoprocessor } from './coprocessor.ts';
import { findCstate } from './cstate.ts';
import { findHybrid } from './hybrid.ts';
import { defaultBlacklist, labelsOf } from './labels.ts';
import type { KnownInstructions } from './instruction.ts';
import { findPstate } from './pstate.ts';
import { findRdt } from './rdt.ts';
import { readProcessor } from './read-processor.ts';
import { findSecurity } from './security.ts';
import { findSst } from './sst.ts';
import { findTopology } from './topology.ts';

const optionsSchema = z.strictObject({
  cpuid: z
    .strictObject({
      /** Flags that give no label. */
      attributeBlacklist: z.array(z.string()).default([...defaultBlacklist]),
      /** The only flags that give a label; takes the place of the blacklist where it is not empty. */
      attributeWhitelist: z.array(z.string()).default([]),
    })
    .prefault({}),
});

/** Features of the processor; see README.md. */
export default function cpu(options: unknown): FeaturePlugin {
  const { cpuid } = parseOptions('cpu', optionsSchema, options);
  const known: KnownInstructions = new Map();
  return {
    name: 'cpu',
    async discover(context) {
      const { host } = context;
      // Read once, asked by several probes: each of them loses its feature where it cannot be read.
      const processor = readProcessor(host, known, context);
      const features = await runProbes(
        {
          cpuid: async () => (await processor).cpuid,
          'cpuid-source': async () => ({ attributes: { backend: (await processor).source } }),
          model: async () => (await processor).model,
          cstate: () => findCstate(host),
          pstate: () => findPstate(host, context.log),
          rdt: async () => await findRdt(host, await processor),
          security: async () => await findSecurity(host, await processor),
          sst: async () => await findSst(host, await processor, context.log),
          topology: () => findTopology(host),
          coprocessor: () => findCoprocessor(host),
          hybrid: () => findHybrid(host),
        },
        context,
      );
      const fromHostAlone = await processor.then(
        ({ isSettled }) => isSettled,
        () => false,
      );
      return { features, labels: labelsOf(features, cpuid), fromHostAlone };
    },
  };
}
