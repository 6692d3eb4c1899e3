import type { Log } from '../../src/plugin/contract.ts';
import { unreadable, type Host } from '../../src/plugin/host-file.ts';
import { reasonOf } from '../../src/plugin/thrown.ts';
import { cpuidDevice, openCpuidDevice } from './cpuid-device.ts';
import { flagsOf } from './cpuid-flags.ts';
import type { Cpuid } from './cpuid.ts';
import { cpuinfoFile } from './cpuinfo.ts';
import { findHypervisor } from './hypervisor.ts';
import { flagsOfKernelNames } from './kernel-flags.ts';
import { levelFlags } from './levels.ts';
import type { Processor } from './processor.ts';
import { vendorOf } from './vendor.ts';

/** An x86 processor: by the instruction where the kernel offers it, else by what the kernel names. */
export async function readX86(
  host: Host,
  cpuinfo: ReadonlyMap<string, string>,
  log: Log,
): Promise<Processor> {
  const kernelFlags = new Set((cpuinfo.get('flags') ?? '').split(' ').filter((flag) => flag !== ''));
  const model = {
    vendor: vendorOf(cpuinfo.get('vendor_id') ?? ''),
    family: decimal(cpuinfo, 'cpu family'),
    id: decimal(cpuinfo, 'model'),
  };
  const instruction = await openInstruction(host, log);
  const flags =
    instruction === undefined
      ? flagsByKernel(cpuinfo, kernelFlags)
      : // The kernel takes a flag back where it does not keep the registers that it needs.
        flagsOf(instruction, { avx: kernelFlags.has('avx'), avx512: kernelFlags.has('avx512f') });
  for (const flag of modelFlags(flags, model)) flags.add(flag);
  for (const level of levelFlags(flags)) flags.add(level);

  const avx10 = flags.has('AVX10') ? (instruction?.(0x24).ebx ?? 0) & 0xff : 0;
  const hypervisor = await findHypervisor(host, flags.has('HYPERVISOR'), instruction);
  return {
    cpuid: { flags, ...(avx10 > 0 ? { attributes: { AVX10_VERSION: String(avx10) } } : {}) },
    model: {
      attributes: { vendor_id: model.vendor, family: String(model.family), id: String(model.id), hypervisor },
    },
    kernelFlags,
    ...(instruction === undefined ? {} : { instruction }),
  };
}

async function openInstruction(host: Host, log: Log): Promise<Cpuid | undefined> {
  try {
    const instruction = await openCpuidDevice(host);
    const source = instruction === undefined ? cpuinfoFile : cpuidDevice;
    log.debug('CPUID flags read', { source });
    return instruction;
  } catch (thrown) {
    log.debug('CPUID flags read', { source: cpuinfoFile, because: reasonOf(thrown) });
    return undefined;
  }
}

function flagsByKernel(cpuinfo: ReadonlyMap<string, string>, kernelFlags: ReadonlySet<string>): Set<string> {
  const flags = flagsOfKernelNames(kernelFlags);
  // `ht` says only that the package could have several threads.
  const threads = Number(cpuinfo.get('siblings')) / Number(cpuinfo.get('cpu cores'));
  if (kernelFlags.has('ht') && threads > 1) flags.add('HTT');
  return flags;
}

interface Model {
  readonly vendor: string;
  readonly family: number;
  readonly id: number;
}

/** Flags that follow from the model alone. */
function modelFlags(flags: ReadonlySet<string>, { vendor, family, id }: Model): string[] {
  const found: string[] = [];
  // 256-bit operations are split in two before Haswell and before Zen 2.
  const slowIntel = vendor === 'Intel' && family === 6 && id < 60;
  const slowAmd = vendor === 'AMD' && (family < 0x17 || (family === 0x17 && id < 49));
  if (flags.has('AVX') && (slowIntel || slowAmd)) found.push('AVXSLOW');
  // AMD, Technical Guidance for Mitigating Transient Scheduler Attacks: these are safe and do not say so.
  const safeFrom1a = family === 0x1a && (id <= 0x4f || (id >= 0x60 && id <= 0x7f));
  if (vendor === 'AMD' && (family < 0x19 || safeFrom1a)) found.push('TSA_L1_NO', 'TSA_SQ_NO');
  return found;
}

function decimal(cpuinfo: ReadonlyMap<string, string>, key: string): number {
  const value = cpuinfo.get(key);
  if (value === undefined || !/^\d{1,5}$/.test(value))
    throw unreadable(cpuinfoFile, `has no number for "${key}"`);
  return Number(value);
}
