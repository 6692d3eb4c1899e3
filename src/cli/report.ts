import { CommanderError } from 'commander';
import { FeaturesealError } from '../error.ts';
import { escapeControls } from '../runtime/escape.ts';
import type { CliContext } from './context.ts';

/** One line that says what is wrong; a defect of ours says where to take it. */
export function report(error: unknown, { err, env }: Pick<CliContext, 'err' | 'env'>): void {
  // Commander has said it already.
  if (error instanceof CommanderError) return;
  err(`featureseal: ${escapeControls(describe(error), true)}\n`);
  if (env['FEATURESEAL_DEBUG'] === '1' && error instanceof Error && error.stack !== undefined) {
    err(`${escapeControls(error.stack, true)}\n`);
  }
}

function describe(error: unknown): string {
  if (error instanceof FeaturesealError) return error.message;
  const detail = error instanceof Error ? error.message : String(error);
  return `[internal] ${detail}; this is a defect, please report it with what FEATURESEAL_DEBUG=1 adds`;
}
