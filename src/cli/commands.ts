import type { Command } from 'commander';
import type { CliContext } from './context.ts';

/** A command as the list of commands shows it; its module is loaded when it is called for, and no other. */
export interface CommandEntry {
  readonly name: string;
  readonly summary: string;
  readonly load: () => Promise<(context: CliContext) => Command>;
}

export const commands: readonly CommandEntry[] = [
  {
    name: 'demo',
    summary: 'the whole way in one process on this host, then attacks that are refused',
    load: async () => (await import('./demo.ts')).demoCommand,
  },
  {
    name: 'discover',
    summary: 'features and labels of this host; no cluster, no SPIFFE',
    load: async () => (await import('./discover.ts')).discoverCommand,
  },
  {
    name: 'plugin',
    summary: 'for writing plugins: plugin new NAME',
    load: async () => (await import('./plugin.ts')).pluginCommand,
  },
  {
    name: 'sign',
    summary: 'seal a NodeFeature with an X.509-SVID',
    load: async () => (await import('./sign.ts')).signCommand,
  },
  {
    name: 'verify',
    summary: 'verify sealed NodeFeatures offline',
    load: async () => (await import('./verify.ts')).verifyCommand,
  },
  {
    name: 'svid',
    summary: 'the SVIDs and bundles that the Workload API gives',
    load: async () => (await import('./svid.ts')).svidCommand,
  },
  {
    name: 'worker',
    summary: 'discovers, signs and publishes the features of a node',
    load: async () => (await import('./worker.ts')).workerCommand,
  },
  {
    name: 'master',
    summary: 'verifies all NodeFeatures and labels the Nodes',
    load: async () => (await import('./master.ts')).masterCommand,
  },
  {
    name: 'explain',
    summary: 'where every label of a node comes from; what was refused and why',
    load: async () => (await import('./explain.ts')).explainCommand,
  },
  {
    name: 'doctor',
    summary: 'looks whether everything is as it should be, and says what to do',
    load: async () => (await import('./doctor.ts')).doctorCommand,
  },
  {
    name: 'ttl',
    summary: 'lifetimes for a site that must live without the cloud, and what breaks first',
    load: async () => (await import('./ttl.ts')).ttlCommand,
  },
  {
    name: 'identity',
    summary: 'the development identity, not for production',
    load: async () => (await import('./identity.ts')).identityCommand,
  },
];
