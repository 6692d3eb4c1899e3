import type { HostFiles } from './files.ts';
import { hostPaths } from './paths.ts';

/**
 * Files of /proc that tell of the kernel or the machine and are the same whoever reads them: procfs gives them to every
 * container as to the host (Linux, Documentation/filesystems/proc, chapter 1). Nothing is here that a namespace has of its
 * own (`net`, `mounts`, `self`, most of `sys`), and no folder: that would show the processes of the container. The release
 * of the kernel is a copy in each UTS namespace (uts_namespaces(7)), and one that nobody can change.
 */
const kernelFiles: ReadonlySet<string> = new Set(
  [
    ...['cmdline', 'config.gz', 'cpuinfo', 'crypto', 'devices', 'filesystems', 'meminfo', 'modules', 'swaps'],
    ...['sys/kernel/osrelease', 'version'],
  ].map((name) => `/proc/${name}`),
);

/** Finds a file of the kernel below `procRoot`, a procfs of another container of the host; undefined for every other path. */
export function kernelFileFinder(procRoot: string, files: HostFiles): (path: string) => string | undefined {
  const { resolve } = hostPaths(procRoot, files);
  return (path) => {
    if (!kernelFiles.has(path)) return undefined;
    const found = resolve(path.slice('/proc'.length));
    return 'real' in found ? found.real : undefined;
  };
}
