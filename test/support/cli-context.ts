import { commands } from '../../src/cli/commands.ts';
import type { CliContext } from '../../src/cli/context.ts';
import { runCli } from '../../src/cli/run.ts';
import { systemClock } from '../../src/runtime/clock.ts';

export interface RecordedCli {
  readonly context: CliContext;
  /** All that was written so far. */
  readonly out: () => string;
  readonly err: () => string;
  /** What the command set; 0 where it set nothing. */
  readonly exitCode: () => number;
}

/** A context for running a command in a test: what it writes is kept, nothing else is of the process. */
export function recordCli(overrides: Partial<CliContext> = {}): RecordedCli {
  let out = '';
  let err = '';
  let exitCode = 0;
  const context: CliContext = {
    out: (text) => void (out += text),
    err: (text) => void (err += text),
    input: noInput(),
    env: {},
    watched: false,
    colour: false,
    signal: new AbortController().signal,
    clock: systemClock,
    crypto: globalThis.crypto,
    setExitCode: (code) => void (exitCode = code),
    ...overrides,
  };
  return { context, out: () => out, err: () => err, exitCode: () => exitCode };
}

/** How a command line ended. */
export interface Outcome {
  /** The greater of what its errors ask for and what the command set: what the process exits with. */
  readonly status: number;
  readonly out: string;
  readonly err: string;
}

/** Runs a command line to its end, as the program would. */
export async function runCommandLine(
  args: readonly string[],
  overrides: Partial<CliContext> = {},
): Promise<Outcome> {
  const cli = recordCli(overrides);
  const failed = await runCli({ args, commands, version: '0' }, cli.context);
  return { status: Math.max(failed, cli.exitCode()), out: cli.out(), err: cli.err() };
}

async function* noInput(): AsyncGenerator<string> {
  // Standard input at its end.
}
