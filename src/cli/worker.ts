import type { Command } from 'commander';
import { workerConfigSchema } from '../worker/config.ts';
import { runWorker } from '../worker/main.ts';
import type { CliContext } from './context.ts';
import { processCommand } from './process-command.ts';

export function workerCommand(context: CliContext): Command {
  const description =
    'Reads what this node can do, signs it with the SVID of this process, keeps it in the cluster.';
  const schema = workerConfigSchema;
  return processCommand({ name: 'worker', description, schema, run: runWorker }, context);
}
