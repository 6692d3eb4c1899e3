import { unreadable, type Host } from '../../src/plugin/host/host.ts';

export const cpuinfoFile = '/proc/cpuinfo';

/** The first processor needs some 2 KB; hosts with a thousand of them have a file of megabytes. */
const maxBytes = 16 * 1024;

/** `key : value` lines of the first processor (proc_cpuinfo(5)). */
export async function readCpuinfo(host: Host): Promise<ReadonlyMap<string, string>> {
  const text = await host.head(cpuinfoFile, maxBytes);
  // Every Linux has it: where it is missing, the host's procfs is not mounted.
  if (text === undefined) throw unreadable(cpuinfoFile, 'is missing');
  const [block = ''] = text.trimStart().split(/\n\s*\n/);
  const entries = block
    .split('\n')
    .map((line) => /^([^:]+?)\s*:\s*(.*?)\s*$/.exec(line))
    .filter((match) => match !== null)
    .map(([, key = '', value = '']) => [key, value] as const);
  if (entries.length === 0) throw unreadable(cpuinfoFile, 'describes no processor');
  return new Map(entries);
}
