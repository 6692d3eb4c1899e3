import { posix } from 'node:path';
import { unreadable, type Host } from '../../src/plugin/host/host.ts';
import type { Finding } from '../../src/plugin/probe.ts';
import { readRelease } from './version.ts';

const loadedFile = '/proc/modules';
const maxBytes = 1024 * 1024;

/** The modules that are loaded; undefined on a kernel without modules. */
export async function findLoadedModules(host: Host): Promise<Finding | undefined> {
  const flags = await readLoaded(host);
  return flags === undefined ? undefined : { flags };
}

/** What the kernel can do at once: modules that are loaded and those that are built in. */
export async function findEnabledModules(host: Host): Promise<Finding | undefined> {
  const builtin = await readBuiltin(host);
  if (builtin === undefined) return undefined;
  return { flags: [...((await readLoaded(host)) ?? []), ...builtin] };
}

/** Lines `name size references ...` (proc_modules(5)). */
async function readLoaded(host: Host): Promise<string[] | undefined> {
  const text = await host.text(loadedFile, maxBytes);
  return lines(text)?.map((line) => {
    const [, name] = /^(\S+) \d+ /.exec(line) ?? [];
    if (name === undefined) throw unreadable(loadedFile, 'has a line that names no module');
    return name;
  });
}

/** Paths such as `kernel/fs/ext4/ext4.ko`, one a line (Linux, Documentation/kbuild/kbuild). */
async function readBuiltin(host: Host): Promise<string[] | undefined> {
  const release = await readRelease(host);
  const file = `/lib/modules/${release}/modules.builtin`;
  const paths = lines(await host.text(file, maxBytes))?.filter((line) => line.endsWith('.ko'));
  if (paths?.length === 0) throw unreadable(file, 'names no module');
  return paths?.map((path) => posix.basename(path, '.ko'));
}

function lines(text: string | undefined): string[] | undefined {
  return text
    ?.split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
}
