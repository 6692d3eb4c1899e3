import { unreadable, type Host } from '../../src/plugin/host/host.ts';
import type { Finding } from '../../src/plugin/probe.ts';

const file = '/proc/sys/kernel/osrelease';
const components = /^(\d+)(?:\.(\d+))?(?:\.(\d+))?(?:-.*)?$/;

/** The release of the running kernel as it is part of paths, for example `6.1.0-18-amd64`. */
export async function readRelease(host: Host): Promise<string> {
  // It goes into paths below: one word without slashes, as uname(2) gives it.
  const release = await host.value(file, /^[^\s/\p{Cc}]{1,64}$/u);
  // Every Linux has it: where it is missing, the host's procfs is not mounted.
  if (release === undefined) throw unreadable(file, 'is missing');
  return release;
}

/** The release made fit for a label, and its numbers; a number that is not there is empty. */
export async function findVersion(host: Host): Promise<Finding> {
  const release = await readRelease(host);
  const full = release.replace(/[^-A-Za-z0-9_.]/g, '_').replace(/^[-_.]+|[-_.]+$/g, '');
  if (full === '') throw unreadable(file, 'names no version');
  const numbers = components.exec(full);
  if (numbers === null) return { attributes: { full } };
  const [, major = '', minor = '', revision = ''] = numbers;
  return { attributes: { full, major, minor, revision } };
}
