import { registerText, type Cpuid } from './cpuid.ts';
import { vendorOf } from './vendor.ts';

/** Which x86 processor it is. */
export interface Model {
  readonly vendor: string;
  readonly family: number;
  readonly id: number;
}

/** The model by leaves 0 and 1 (Intel SDM volume 2A, CPUID, version information). */
export function modelOf(cpuid: Cpuid): Model {
  const { eax: last, ebx, ecx, edx } = cpuid(0);
  const vendor = vendorOf(registerText(ebx, edx, ecx));
  if (last < 1) return { vendor, family: 0, id: 0 };
  const { eax } = cpuid(1);
  const base = (eax >>> 8) & 0xf;
  const family = base === 0xf ? base + ((eax >>> 20) & 0xff) : base;
  const extended = family === 6 || family >= 0xf ? (eax >>> 12) & 0xf0 : 0;
  return { vendor, family, id: ((eax >>> 4) & 0xf) + extended };
}

/** Flags that follow from the model alone. */
export function modelFlags(flags: ReadonlySet<string>, { vendor, family, id }: Model): string[] {
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
