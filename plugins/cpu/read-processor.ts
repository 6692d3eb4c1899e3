import type { DiscoverContext } from '../../src/plugin/contract.ts';
import { unreadable, type Host } from '../../src/plugin/host/host.ts';
import { readArm64 } from './arm64.ts';
import { cpuinfoFile, readCpuinfo } from './cpuinfo.ts';
import type { KnownInstructions } from './instruction.ts';
import type { Processor } from './processor.ts';
import { readX86 } from './x86.ts';

/**
 * The processor as the host's kernel describes it, so that the host root decides, not the machine this program was
 * built for.
 */
export async function readProcessor(
  host: Host,
  known: KnownInstructions,
  context: DiscoverContext,
): Promise<Processor> {
  const cpuinfo = await readCpuinfo(host);
  if (cpuinfo.has('flags')) return await readX86(host, cpuinfo, known, context);
  if (cpuinfo.has('CPU implementer')) return readArm64(cpuinfo);
  throw unreadable(cpuinfoFile, 'describes neither an x86 nor an arm64 processor');
}
