// A process that runs other programs for as long as whoever started it is alive: a test process can end in ways that
// leave it no time to clean up, but the end of its IPC channel cannot be missed.
//
// Programs start in the order given and stop in the reverse one: kube-apiserver hangs when etcd goes first.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Command, Program, Programs, Told } from './programs.ts';

const patienceMs = 20_000;
const { folder, programs } = JSON.parse(process.argv[2] ?? '') as Programs;
const running = new Map<string, ChildProcess>();

function start(name: string): void {
  const program = programs.find((each) => each.name === name);
  if (program === undefined) throw new TypeError(`there is no program ${name}`);
  const child = spawnWithOutput(program);
  running.set(name, child);
  const onEnd = (): void => {
    if (running.get(name) !== child) return;
    running.delete(name);
    tell({ ended: name, status: child.exitCode });
  };
  child.on('error', onEnd).on('exit', onEnd);
}

function spawnWithOutput({ name, file, args, env, output }: Program): ChildProcess {
  const options = { env: { ...process.env, ...env } };
  if (output === 'inherit') return spawn(file, args, { ...options, stdio: ['ignore', 'inherit', 'inherit'] });
  const log = openSync(join(folder, `${name}.log`), 'a');
  const child = spawn(file, args, { ...options, stdio: ['ignore', log, log] });
  closeSync(log);
  return child;
}

/** @returns the exit status; null where there is none */
async function stop(name: string, signal: Command['action']): Promise<number | null> {
  const child = running.get(name);
  running.delete(name);
  if (child?.pid === undefined || child.exitCode !== null || child.signalCode !== null)
    return child?.exitCode ?? null;
  const ended = once(child, 'exit');
  const impatience = setTimeout(() => child.kill('SIGKILL'), patienceMs);
  child.kill(signal === 'kill' ? 'SIGKILL' : 'SIGTERM');
  await ended;
  clearTimeout(impatience);
  return child.exitCode;
}

function tell(told: Told): void {
  if (process.connected) process.send?.(told);
}

async function obey(command: Command): Promise<void> {
  if (command.action === 'start') start(command.name);
  const status = command.action === 'start' ? null : await stop(command.name, command.action);
  tell({ done: command, status });
}

process.on('message', (command: Command) => void obey(command));
// A signal that is meant for everybody: the programs go before us.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => process.disconnect());

const released = once(process, 'disconnect');
for (const { name } of programs) start(name);
await released;
for (const { name } of programs.toReversed()) await stop(name, 'stop');
await rm(folder, { recursive: true, force: true });
