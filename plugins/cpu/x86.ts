import type { DiscoverContext } from '../../src/plugin/contract.ts';
import { unreadable, type Host } from '../../src/plugin/host/host.ts';
import type { Cpuid } from './cpuid.ts';
import { cpuinfoFile } from './cpuinfo.ts';
import { findHypervisor } from './hypervisor.ts';
import { findInstruction, type KnownInstructions } from './instruction.ts';
import { flagsOfKernelNames } from './kernel-flags.ts';
import { levelFlags } from './levels.ts';
import { modelFlags, modelOf, type Model } from './model.ts';
import type { Processor } from './processor.ts';
import { vendorOf } from './vendor.ts';

/** An x86 processor: by the instruction where we can have it executed, else by what the kernel names. */
export async function readX86(
  host: Host,
  cpuinfo: ReadonlyMap<string, string>,
  known: KnownInstructions,
  context: DiscoverContext,
): Promise<Processor> {
  const kernelFlags = new Set((cpuinfo.get('flags') ?? '').split(' ').filter((flag) => flag !== ''));
  const instruction = await findInstruction(host, kernelFlags, known, context);
  if (instruction === undefined) context.log.debug('CPUID flags read', { source: cpuinfoFile });
  const model = instruction === undefined ? modelByKernel(cpuinfo) : modelOf(instruction.cpuid);
  const flags = allFlags(instruction?.flags ?? flagsByKernel(cpuinfo, kernelFlags), model);

  const avx10 = avx10Version(flags, instruction?.cpuid);
  const hypervisor = await findHypervisor(host, flags.has('HYPERVISOR'), instruction?.cpuid);
  return {
    cpuid: { flags, ...(Object.keys(avx10).length > 0 ? { attributes: avx10 } : {}) },
    source: instruction?.by ?? 'cpuinfo',
    model: {
      attributes: { vendor_id: model.vendor, family: String(model.family), id: String(model.id), hypervisor },
    },
    kernelFlags,
    isSettled: instruction !== undefined,
    ...(instruction === undefined ? {} : { instruction: instruction.cpuid }),
  };
}

/** Intel SDM volume 2A, CPUID leaf 0x24. */
export function avx10Version(flags: ReadonlySet<string>, cpuid: Cpuid | undefined): Record<string, string> {
  const version = flags.has('AVX10') ? (cpuid?.(0x24).ebx ?? 0) & 0xff : 0;
  return version > 0 ? { AVX10_VERSION: String(version) } : {};
}

/** With those that follow from the model and from other flags. */
export function allFlags(direct: ReadonlySet<string>, model: Model): Set<string> {
  const flags = new Set([...direct, ...modelFlags(direct, model)]);
  return new Set([...flags, ...levelFlags(flags)]);
}

function modelByKernel(cpuinfo: ReadonlyMap<string, string>): Model {
  return {
    vendor: vendorOf(cpuinfo.get('vendor_id') ?? ''),
    family: decimal(cpuinfo, 'cpu family'),
    id: decimal(cpuinfo, 'model'),
  };
}

function flagsByKernel(cpuinfo: ReadonlyMap<string, string>, kernelFlags: ReadonlySet<string>): Set<string> {
  const flags = flagsOfKernelNames(kernelFlags);
  // `ht` says only that the package could have several threads.
  const threads = Number(cpuinfo.get('siblings')) / Number(cpuinfo.get('cpu cores'));
  if (kernelFlags.has('ht') && threads > 1) flags.add('HTT');
  return flags;
}

function decimal(cpuinfo: ReadonlyMap<string, string>, key: string): number {
  const value = cpuinfo.get(key);
  if (value === undefined || !/^\d{1,5}$/.test(value))
    throw unreadable(cpuinfoFile, `has no number for "${key}"`);
  return Number(value);
}
