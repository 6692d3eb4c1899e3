import type { Command } from 'commander';
import { authorityConfigSchema } from '../identity/authority-service/config.ts';
import { runAuthority } from '../identity/authority-service/main.ts';
import { nodePluginConfigSchema } from '../identity/node-plugin/config.ts';
import { runNodePlugin } from '../identity/node-plugin/main.ts';
import type { CliContext } from './context.ts';
import { processCommand } from './process-command.ts';

/** `identity authority`: the development identity of a cluster, the part with the CA. */
export function authorityCommand(context: CliContext): Command {
  const description = 'The authority of the development identity in a cluster: holds the CA, attests pods.';
  const schema = authorityConfigSchema;
  return processCommand({ name: 'authority', description, schema, run: runAuthority }, context);
}

/** `identity node-plugin`: the part on each node, which brings the socket to pods. */
export function nodePluginCommand(context: CliContext): Command {
  const description =
    'The csi.spiffe.io node plugin of the development identity: a Workload API socket a pod.';
  const schema = nodePluginConfigSchema;
  return processCommand({ name: 'node-plugin', description, schema, run: runNodePlugin }, context);
}
