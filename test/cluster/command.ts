// A command of the program against a control plane, as somebody with a kubeconfig runs it.
import { mkdtemp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { commands } from '../../src/cli/commands.ts';
import { runCli } from '../../src/cli/run.ts';
import { recordCli } from '../support/cli-context.ts';
import type { ControlPlane } from './control-plane.ts';

export interface CommandOutcome {
  readonly status: number;
  readonly out: string;
  readonly err: string;
}

/** As this user, with the rights of these groups. */
export async function runCommand(
  plane: ControlPlane,
  args: readonly string[],
  {
    user = 'admin',
    groups = ['system:masters'],
  }: { readonly user?: string; readonly groups?: readonly string[] } = {},
): Promise<CommandOutcome> {
  const kubeconfig = join(await mkdtemp(join(plane.folder, 'command-')), 'kubeconfig');
  await writeFile(kubeconfig, await plane.kubeconfig(user, groups));
  const cli = recordCli({ env: { KUBECONFIG: kubeconfig } });
  const failed = await runCli({ args, commands, version: '0' }, cli.context);
  return { status: Math.max(failed, cli.exitCode()), out: cli.out(), err: cli.err() };
}
