import type { Command } from 'commander';
import { masterConfigSchema } from '../master/config.ts';
import { runMaster } from '../master/main.ts';
import type { CliContext } from './context.ts';
import { processCommand } from './process-command.ts';

export function masterCommand(context: CliContext): Command {
  const description =
    'Verifies every NodeFeature of the cluster and keeps the labels of its Nodes as the verified ones say.';
  const schema = masterConfigSchema;
  return processCommand({ name: 'master', description, schema, run: runMaster }, context);
}
