import { spawnSync } from 'node:child_process';

/** What comes before a program, to run it in a network of its own, with the rights of its owner: root or not. */
export const ownNetwork: readonly [string, ...string[]] = [
  'unshare',
  ...(process.getuid?.() === 0 ? [] : ['--map-root-user']),
  '--net',
];

/** Why this machine gives none; undefined where it does. */
export function networkObstacle(): string | undefined {
  const [file, ...args] = ownNetwork;
  const probes = ['ip link set lo up', 'nsenter --net=/proc/self/ns/net true'].join(' && ');
  const { status, error, stderr } = spawnSync(file, [...args, 'sh', '-c', probes], { encoding: 'utf8' });
  return status === 0 ? undefined : (error?.message ?? stderr.trim());
}
