import { spawn } from 'node:child_process';
import { FeaturesealError } from '../error.ts';
import type { CliContext } from './context.ts';

/** Runs the user's command in a shell and waits for it; its output goes to standard error. */
export async function runReload(
  command: string,
  folder: string,
  { env, err, signal }: Pick<CliContext, 'env' | 'err' | 'signal'>,
): Promise<void> {
  const ended = await new Promise<string>((resolve) => {
    const child = spawn(command, {
      shell: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...env, SPIFFE_CREDENTIAL_FOLDER: folder },
      signal,
    });
    child.stdout.on('data', (data: Buffer) => err(data.toString()));
    child.stderr.on('data', (data: Buffer) => err(data.toString()));
    child.once('error', (error) => resolve(error.message));
    child.once('close', (code, killedBy) => resolve(code === 0 ? '' : `ended with ${killedBy ?? code}`));
  });
  if (ended === '') return;
  throw new FeaturesealError({ code: 'reload-failed', message: `the reload command ${ended}: ${command}` });
}
