import type { DiscoverContext } from '../../src/plugin/contract.ts';
import type { Host } from '../../src/plugin/host/host.ts';
import { reasonOf } from '../../src/plugin/thrown.ts';
import { askCpuidDevice, cpuidDevice, findCpuidDevice } from './cpuid-device.ts';
import { flagsOf, type EnabledState } from './cpuid-flags.ts';
import { askCpuidProgram, findCpuidProgram } from './cpuid-program.ts';
import type { Cpuid } from './cpuid.ts';

/** The CPUID instruction, and how we came by it. */
export interface Instruction {
  readonly by: 'program' | 'device';
  readonly cpuid: Cpuid;
  /** Those that its answers name. */
  readonly flags: ReadonlySet<string>;
}

/**
 * The instruction as it was answered before, by the file that asked. A processor does not change while a process runs on
 * it, nor does what the operating system keeps for it; one question is a process, or a read of a device, each.
 */
export type KnownInstructions = Map<string, Instruction>;

/** The instruction by our own program, else by the kernel's device; undefined where there is neither. */
export async function findInstruction(
  host: Host,
  kernelFlags: ReadonlySet<string>,
  known: KnownInstructions,
  { log, signal }: DiscoverContext,
): Promise<Instruction | undefined> {
  const attempt = async (
    source: string,
    find: () => Promise<string | undefined>,
    ask: (file: string) => Promise<Instruction>,
  ): Promise<Instruction | undefined> => {
    try {
      // Whether there is something to ask is looked at each time: it depends on the host root.
      const file = await find();
      const found = file === undefined ? undefined : (known.get(file) ?? (await ask(file)));
      if (file !== undefined && found !== undefined) known.set(file, found);
      if (found !== undefined) log.debug('CPUID flags read', { source });
      return found;
    } catch (thrown) {
      signal.throwIfAborted();
      log.debug('CPUID not read', { source, because: reasonOf(thrown) });
      return undefined;
    }
  };
  const byProgram = async (file: string): Promise<Instruction> => {
    const { cpuid, xcr0 } = await askCpuidProgram(file, signal);
    return { by: 'program', cpuid, flags: flagsOf(cpuid, stateOf(xcr0)) };
  };
  const byDevice = async (file: string): Promise<Instruction> => {
    const cpuid = await askCpuidDevice(file);
    // The kernel takes a flag back where it does not keep the registers that it needs.
    const state = { avx: kernelFlags.has('avx'), avx512: kernelFlags.has('avx512f') };
    return { by: 'device', cpuid, flags: flagsOf(cpuid, state) };
  };
  return (
    (await attempt('native/cpuid', () => findCpuidProgram(host), byProgram)) ??
    (await attempt(cpuidDevice, () => findCpuidDevice(host), byDevice))
  );
}

/** Intel SDM volume 1, 14.3 and 15.2: SSE and AVX state; opmask, upper ZMM and high ZMM besides. */
export function stateOf(xcr0: number): EnabledState {
  const [sseAndAvx, all512] = [0b110, 0b1110_0110];
  return { avx: (xcr0 & sseAndAvx) === sseAndAvx, avx512: (xcr0 & all512) === all512 };
}
