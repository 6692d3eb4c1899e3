import type { DiscoverContext } from '../../src/plugin/contract.ts';
import type { Host } from '../../src/plugin/host-file.ts';
import { reasonOf } from '../../src/plugin/thrown.ts';
import { cpuidDevice, openCpuidDevice } from './cpuid-device.ts';
import type { EnabledState } from './cpuid-flags.ts';
import { runCpuidProgram } from './cpuid-program.ts';
import type { Cpuid } from './cpuid.ts';

/** The CPUID instruction, and how we came by it. */
export interface Instruction {
  readonly by: 'program' | 'device';
  readonly cpuid: Cpuid;
  readonly state: EnabledState;
}

/** The instruction by our own program, else by the kernel's device; undefined where there is neither. */
export async function findInstruction(
  host: Host,
  kernelFlags: ReadonlySet<string>,
  { log, signal }: DiscoverContext,
): Promise<Instruction | undefined> {
  const attempt = async (source: string, find: () => Promise<Instruction | undefined>) => {
    try {
      const found = await find();
      if (found !== undefined) log.debug('CPUID flags read', { source });
      return found;
    } catch (thrown) {
      signal.throwIfAborted();
      log.debug('CPUID not read', { source, because: reasonOf(thrown) });
      return undefined;
    }
  };
  const byProgram = async (): Promise<Instruction | undefined> => {
    const answers = await runCpuidProgram(host, { signal });
    return answers && { by: 'program', cpuid: answers.cpuid, state: stateOf(answers.xcr0) };
  };
  const byDevice = async (): Promise<Instruction | undefined> => {
    const cpuid = await openCpuidDevice(host);
    // The kernel takes a flag back where it does not keep the registers that it needs.
    const state = { avx: kernelFlags.has('avx'), avx512: kernelFlags.has('avx512f') };
    return cpuid && { by: 'device', cpuid, state };
  };
  return (await attempt('native/cpuid', byProgram)) ?? (await attempt(cpuidDevice, byDevice));
}

/** Intel SDM volume 1, 14.3 and 15.2: SSE and AVX state; opmask, upper ZMM and high ZMM besides. */
export function stateOf(xcr0: number): EnabledState {
  const [sseAndAvx, all512] = [0b110, 0b1110_0110];
  return { avx: (xcr0 & sseAndAvx) === sseAndAvx, avx512: (xcr0 & all512) === all512 };
}
