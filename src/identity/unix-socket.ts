import { chmod, lstat, mkdir, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { dirname } from 'node:path';
import { FeaturesealError } from '../error.ts';

/** The owner and the group may connect. */
const socketMode = 0o660;

/** Makes room for a socket: its folder, for the owner alone where it is new, and no stale file in its place. */
export async function prepareSocketPath(path: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 }).catch((cause: unknown) => {
    throw unusable(`the folder of ${path} cannot be made`, cause);
  });
  const stat = await lstat(path).catch(() => undefined);
  if (stat === undefined) return;
  if (!stat.isSocket()) throw taken(`${path} exists and is not a socket; it is left alone`);
  if (await isServed(path)) throw taken(`another process serves ${path}`);
  await rm(path, { force: true });
}

export async function restrictSocket(path: string): Promise<void> {
  await chmod(path, socketMode).catch((cause: unknown) => {
    throw unusable(`the mode of ${path} cannot be set`, cause);
  });
}

export function unusable(message: string, cause: unknown): FeaturesealError {
  const detail = cause instanceof Error ? `: ${cause.message}` : '';
  return new FeaturesealError({ code: 'file-unwritable', message: `${message}${detail}`, cause });
}

function taken(message: string): FeaturesealError {
  return new FeaturesealError({ code: 'already-exists', message });
}

/** A socket file outlives a process that was killed; only an attempt tells. */
function isServed(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    const answer = (served: boolean) => {
      socket.destroy();
      resolve(served);
    };
    socket.once('connect', () => answer(true));
    socket.once('error', () => answer(false));
  });
}
