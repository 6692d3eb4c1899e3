import { z } from 'zod';
import type { FeaturePlugin, Features } from '../../src/plugin/contract.ts';
import { parseOptions } from '../../src/plugin/options.ts';
import { runProbes } from '../../src/plugin/probe.ts';
import { findConfig, noConfig } from './config.ts';
import { findEnabledModules, findLoadedModules } from './modules.ts';
import { findKvm } from './kvm.ts';
import { findSelinux } from './selinux.ts';
import { findVersion } from './version.ts';

const optionsSchema = z.strictObject({
  /** A kernel configuration to try first: an absolute path on the host. */
  kconfigFile: z.string().startsWith('/', 'must be an absolute path').optional(),
  /** Options of the kernel configuration, without CONFIG_, that become labels. */
  configOpts: z.array(z.string()).default(['NO_HZ', 'NO_HZ_IDLE', 'NO_HZ_FULL', 'PREEMPT']),
});

/** Features of the running kernel; see README.md. */
export default function kernel(options: unknown): FeaturePlugin {
  const { kconfigFile, configOpts } = parseOptions('kernel', optionsSchema, options);
  const lastConfig = noConfig();
  return {
    name: 'kernel',
    async discover(context) {
      const { host } = context;
      const features = await runProbes(
        {
          version: () => findVersion(host),
          config: () => findConfig(host, kconfigFile, lastConfig, context.log),
          loadedmodule: () => findLoadedModules(host),
          enabledmodule: () => findEnabledModules(host),
          selinux: () => findSelinux(host),
          kvm: () => findKvm(host),
        },
        context,
      );
      return { features, labels: labelsOf(features, configOpts), fromHostAlone: true };
    },
  };
}

function labelsOf({ attributes }: Features, configOpts: readonly string[]): Record<string, string> {
  const version = Object.entries(attributes['version']?.elements ?? {});
  const config = attributes['config']?.elements ?? {};
  const labels = new Map(version.map(([part, value]) => [`version.${part}`, value]));
  for (const option of configOpts) {
    const value = Object.hasOwn(config, option) ? config[option] : undefined;
    // Built in or as a module: who selects a node by it wants to know that it is there.
    if (value !== undefined) labels.set(`config.${option}`, value === 'y' || value === 'm' ? 'true' : value);
  }
  if (attributes['selinux']?.elements['enabled'] === 'true') labels.set('selinux.enabled', 'true');
  return Object.fromEntries(labels);
}
