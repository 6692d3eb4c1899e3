import { CommanderError } from 'commander';
import { FeaturesealError } from '../error.ts';

/** The statuses that every command shares; `--help` shows them. */
export const exitStatus = { done: 0, refused: 1, failed: 1, usage: 2 } as const;

export const exitStatusHelp = `
Exit status:
  0    done; for verify: accepted
  1    refused, or failed: one line on standard error says why, its code in brackets
  2    wrong use, or a wrong configuration or policy: nothing was done
  130  stopped by SIGINT (143: by SIGTERM, before the end)`;

/** Codes that say: correct what you gave, then try again. */
const usageCodes: ReadonlySet<string> = new Set([
  'usage',
  'config-invalid',
  'policy-invalid',
  'plugin-invalid',
  'file-unreadable',
  'socket-invalid',
]);

export function statusOf(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitStatus.done : exitStatus.usage;
  if (error instanceof FeaturesealError && usageCodes.has(error.code)) return exitStatus.usage;
  return exitStatus.failed;
}
