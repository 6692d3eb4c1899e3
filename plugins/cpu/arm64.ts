import { unreadable } from '../../src/plugin/host/host.ts';
import { cpuinfoFile } from './cpuinfo.ts';
import type { Processor } from './processor.ts';
import { unknownVendor } from './vendor.ts';

/**
 * Hardware capabilities that become flags. The kernel prints the bits of AT_HWCAP and AT_HWCAP2 under these names in
 * lower case (Linux, Documentation/arch/arm64/elf_hwcaps.rst), so the file of the host tells what the auxiliary vector
 * of a process tells.
 */
const capabilities = new Set(
  [
    'FP ASIMD EVTSTRM AES PMULL SHA1 SHA2 CRC32 ATOMICS FPHP ASIMDHP CPUID ASIMDRDM JSCVT FCMA LRCPC DCPOP SHA3 SM3',
    'SM4 ASIMDDP SHA512 SVE ASIMDFHM DIT USCAT ILRCPC FLAGM SSBS SB PACA PACG',
    'DCPODP SVE2 SVEAES SVEPMULL SVEBITPERM SVESHA3 SVESM4 FLAGM2 FRINT SVEI8MM SVEF32MM SVEF64MM SVEBF16 I8MM BF16',
    'DGH RNG BTI MTE ECV AFP RPRES MTE3 SME SMEI16I64 SMEF64F64 SMEI8I32 SMEF16F32 SMEB16F32 SMEF32F32 SMEFA64 WFXT',
    'EBF16 SVEEBF16',
  ].flatMap((line) => line.split(' ')),
);

/** Names of implementers (Arm Architecture Reference Manual, MIDR_EL1). */
const implementers = new Map([
  [0xc0, 'Ampere'],
  [0x41, 'ARM'],
  [0x42, 'Broadcom'],
  [0x43, 'Cavium'],
  [0x44, 'DEC'],
  [0x46, 'Fujitsu'],
  [0x49, 'Infineon'],
  [0x4d, 'Motorola'],
  [0x4e, 'NVIDIA'],
  [0x50, 'AMCC'],
  [0x51, 'Qualcomm'],
  [0x56, 'Marvell'],
  [0x69, 'Intel'],
]);

/** An arm64 processor. Whether a hypervisor is below it cannot be told from here, so nothing is said of it. */
export function readArm64(cpuinfo: ReadonlyMap<string, string>): Processor {
  const kernelFlags = new Set((cpuinfo.get('Features') ?? '').split(' ').filter((flag) => flag !== ''));
  const flags = [...kernelFlags].map((name) => name.toUpperCase()).filter((name) => capabilities.has(name));
  return {
    cpuid: { flags },
    source: 'cpuinfo',
    model: { attributes: modelOf(cpuinfo, kernelFlags) },
    kernelFlags,
    isSettled: true,
  };
}

/** Family is variant and architecture, id is part number and revision: bits 23 to 16 and 15 to 0 of MIDR_EL1. */
function modelOf(
  cpuinfo: ReadonlyMap<string, string>,
  kernelFlags: ReadonlySet<string>,
): Record<string, string> {
  // Without this capability programs cannot read the register.
  if (!kernelFlags.has('cpuid')) return { vendor_id: unknownVendor, family: '0', id: '0' };
  const vendor = implementers.get(number(cpuinfo, 'CPU implementer')) ?? unknownVendor;
  // The architecture field of every 64-bit processor is 0xf, "see the ID registers".
  const family = (number(cpuinfo, 'CPU variant') << 4) | 0xf;
  const id = (number(cpuinfo, 'CPU part') << 4) | number(cpuinfo, 'CPU revision');
  return { vendor_id: vendor, family: String(family), id: String(id) };
}

function number(cpuinfo: ReadonlyMap<string, string>, key: string): number {
  const value = cpuinfo.get(key);
  if (value === undefined || !/^(?:0x[0-9a-f]{1,3}|\d{1,3})$/i.test(value)) {
    throw unreadable(cpuinfoFile, `has no number for "${key}"`);
  }
  return Number(value);
}
