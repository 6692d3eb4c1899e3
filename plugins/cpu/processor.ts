import type { Finding } from '../../src/plugin/probe.ts';
import type { Cpuid } from './cpuid.ts';

/** What is known of the processor, whatever its kind. */
export interface Processor {
  readonly cpuid: Finding;
  /** How the flags were found; only the kernel's own names for them may leave some out. */
  readonly source: 'program' | 'device' | 'cpuinfo';
  readonly model: Finding;
  /** Names that the kernel gives the processor's capabilities. */
  readonly kernelFlags: ReadonlySet<string>;
  /** The instruction's answers, where they could be read. */
  readonly instruction?: Cpuid;
  /** False where CPUID was not answered: asked again it may be, whatever the host says. */
  readonly isSettled: boolean;
}
