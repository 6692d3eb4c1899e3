#!/usr/bin/env node
import { isatty } from 'node:tty';
import { asFeaturesealError } from '../error.ts';
import { systemClock } from '../runtime/clock.ts';
import { signalExitCode, watchShutdown, type Shutdown } from '../runtime/shutdown.ts';
import { packageVersion } from '../runtime/version.ts';
import { commands } from './commands.ts';
import type { CliContext } from './context.ts';
import { exitStatus } from './exit-status.ts';
import { report } from './report.ts';
import { runCli } from './run.ts';

const { stdout, stderr } = process;

async function main(): Promise<void> {
  const shutdown = watchShutdown(process);
  let verdict: number = exitStatus.done;
  const context = processContext(shutdown, (code) => (verdict = code));
  guardStreams(context);
  process.on('uncaughtException', (error) => {
    report(error, context);
    void end(exitStatus.failed);
  });

  const args = process.argv.slice(2);
  const status = await runCli({ args, commands, version: packageVersion() }, context);
  await end(finalStatus(status === exitStatus.done ? verdict : status, shutdown));
}

/** The process as a command sees it. */
function processContext({ signal }: Shutdown, setExitCode: (code: number) => void): CliContext {
  return {
    out: (text) => void stdout.write(text),
    err: (text) => void stderr.write(text),
    // Standard input is opened only by who reads it.
    input: { [Symbol.asyncIterator]: () => process.stdin[Symbol.asyncIterator]() },
    env: process.env,
    watched: isatty(stderr.fd),
    colour: isatty(stdout.fd) && stdout.hasColors(),
    signal,
    clock: systemClock,
    crypto: globalThis.crypto,
    setExitCode,
  };
}

/** Who reads our output may leave early (`| head`): that ends us quietly, as SIGPIPE would. A full disk is an error. */
function guardStreams(context: CliContext): void {
  stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(signalExitCode('SIGPIPE'));
    report(asFeaturesealError(error, 'file-unwritable', 'standard output'), context);
    process.exit(exitStatus.failed);
  });
  stderr.on('error', () => undefined);
}

/** A process that ends in good order at SIGTERM has done its work; SIGINT is a person who broke off. */
function finalStatus(status: number, { received }: Shutdown): number {
  const signal = received();
  if (signal === undefined || (signal === 'SIGTERM' && status === exitStatus.done)) return status;
  return signalExitCode(signal);
}

/** Waits until what was written has gone out, then ends; what a command left open does not hold us. */
async function end(code: number): Promise<never> {
  await Promise.all([stdout, stderr].map((stream) => new Promise((resolve) => stream.write('', resolve))));
  process.exit(code);
}

await main();
