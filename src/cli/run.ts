import { Command } from 'commander';
import { FeaturesealError } from '../error.ts';
import { escapeControls } from '../runtime/escape.ts';
import type { CommandEntry } from './commands.ts';
import type { CliContext } from './context.ts';
import { exitStatusHelp, statusOf } from './exit-status.ts';
import { report } from './report.ts';

export interface CliOptions {
  /** What the user typed after `featureseal`. */
  readonly args: readonly string[];
  readonly commands: readonly CommandEntry[];
  readonly version: string;
}

/** Runs one command line; resolves with the exit status that its errors ask for, 0 where there is none. */
export async function runCli({ args, commands, version }: CliOptions, context: CliContext): Promise<number> {
  try {
    const program = createProgram(version, context);
    for (const entry of commands) program.addCommand(await commandFor(entry, args, context));
    program.commands.forEach((command) => adopt(command, program));
    await program.parseAsync([...args], { from: 'user' });
    return 0;
  } catch (error) {
    // Who stopped us knows it.
    if (!(context.signal.aborted && isAbort(error))) report(error, context);
    return statusOf(error);
  }
}

function isAbort(error: unknown): boolean {
  if (error instanceof FeaturesealError) return error.code === 'aborted';
  return error instanceof Error && error.name === 'AbortError';
}

function createProgram(version: string, context: CliContext): Command {
  return new Command('featureseal')
    .description(
      'Node features that can be trusted: signed with X.509-SVIDs, verified before one label changes',
    )
    .version(version)
    .addHelpText('afterAll', exitStatusHelp)
    .showHelpAfterError('(see --help)')
    .configureOutput({
      writeOut: context.out,
      writeErr: context.err,
      outputError: (text, write) =>
        write(escapeControls(text.replace(/^error: /, 'featureseal: [usage] '), true)),
      getOutHasColors: () => context.colour,
    })
    .exitOverride();
}

/** The command itself where the user named it, else its line in the list. */
async function commandFor(
  entry: CommandEntry,
  args: readonly string[],
  context: CliContext,
): Promise<Command> {
  const [first, second] = args;
  const named = first === 'help' ? second : first;
  const command = named === entry.name ? (await entry.load())(context) : new Command(entry.name);
  return command.summary(entry.summary);
}

/** Commands made by others report and end as the program does. */
function adopt(command: Command, parent: Command): void {
  command.copyInheritedSettings(parent);
  command.commands.forEach((child) => adopt(child, command));
}
