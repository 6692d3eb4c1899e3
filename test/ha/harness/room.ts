import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

export interface Room {
  /** Where the room may keep files. */
  readonly folder: string;
  /** Addresses by host name. */
  readonly hosts: Readonly<Record<string, string>>;
  /** Folders to be seen at paths below /run/spire. */
  readonly mounts: Readonly<Record<`/run/spire/${string}`, string>>;
}

const script = `
set -eu
mount --bind "$1" /etc/hosts
mount --rbind "$2" /run
shift 2
exec "$@"
`;

/**
 * The beginning of a command line: what follows runs in a mount namespace in which names and paths are those of a pod, so
 * that configuration can be used as it is shipped. It ends with its program.
 */
export async function roomCommand({ folder, hosts, mounts }: Room): Promise<readonly [string, ...string[]]> {
  const lines = Object.entries({ localhost: '127.0.0.1', ...hosts }).map(
    ([name, address]) => `${address} ${name}\n`,
  );
  const hostsFile = join(folder, 'hosts');
  const run = join(folder, 'run');
  await writeFile(hostsFile, lines.join(''));
  await mkdir(join(run, 'spire'), { recursive: true });
  for (const [path, source] of Object.entries(mounts)) await symlink(source, join(folder, path));
  const user = process.getuid?.() === 0 ? [] : ['--map-root-user'];
  return ['unshare', ...user, '--mount', 'sh', '-c', script, 'room', hostsFile, run];
}
