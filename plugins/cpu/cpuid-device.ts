import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import type { Host } from '../../src/plugin/host-file.ts';
import { unreadable } from '../../src/plugin/host-file.ts';
import { noRegisters, type Cpuid, type Registers } from './cpuid.ts';

export const cpuidDevice = '/dev/cpu/0/cpuid';
/** Linux, Documentation/admin-guide/devices.txt: 203 char, CPU CPUID information. */
const cpuidMajor = 203;

/** Leaves that mean something to us, with the number of their subleaves. */
const leaves: readonly (readonly [leaf: number, subleaves: number])[] = [
  ...[0x0, 0x1, 0x4, 0xa, 0xb, 0x16, 0x19, 0x21, 0x24].map((leaf) => [leaf, 1] as const),
  ...([0x7, 0x12, 0xd] as const).map((leaf) => [leaf, leaf === 0x7 ? 3 : leaf === 0x12 ? 10 : 2] as const),
  ...[0x40000000, 0x4000000c].map((leaf) => [leaf, 1] as const),
  ...[0x0, 0x1, 0x7, 0x8, 0xa, 0x1a, 0x1b, 0x1e, 0x1f, 0x21].map((leaf) => [0x80000000 + leaf, 1] as const),
];

/**
 * CPUID by the kernel's device, which needs its module `cpuid` and root. Undefined where the device does not exist;
 * throws where it may not be opened.
 */
export async function openCpuidDevice(host: Host): Promise<Cpuid | undefined> {
  const real = await host.locate(cpuidDevice);
  if (real === undefined) return undefined;
  const handle = await open(real, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const { rdev, isCharacterDevice } = await kindOf(handle);
    // A file put there instead could say anything.
    if (!isCharacterDevice || ((rdev >> 8) & 0xfff) !== cpuidMajor) {
      throw unreadable(cpuidDevice, 'is not the CPUID device');
    }
    return withinRange(await readAll(handle));
  } finally {
    await handle.close();
  }
}

async function kindOf(handle: FileHandle): Promise<{ rdev: number; isCharacterDevice: boolean }> {
  const kind = await handle.stat();
  return { rdev: kind.rdev, isCharacterDevice: kind.isCharacterDevice() };
}

async function readAll(handle: FileHandle): Promise<Cpuid> {
  const answers = new Map<string, Registers>();
  for (const [leaf, subleaves] of leaves) {
    for (let subleaf = 0; subleaf < subleaves; subleaf++) {
      // The position is the question: EAX in the low 32 bits, ECX in the high ones (cpuid(4)).
      const position = BigInt(leaf) | (BigInt(subleaf) << 32n);
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(16), 0, 16, position);
      if (bytesRead !== 16) throw unreadable(cpuidDevice, 'gave half an answer');
      const [eax = 0, ebx = 0, ecx = 0, edx = 0] = [0, 4, 8, 12].map((offset) => buffer.readUInt32LE(offset));
      answers.set(`${String(leaf)}/${String(subleaf)}`, { eax, ebx, ecx, edx });
    }
  }
  return (leaf, subleaf = 0) => answers.get(`${String(leaf)}/${String(subleaf)}`) ?? noRegisters;
}

/** Asked for a leaf beyond its last, a processor repeats another leaf: such answers count as zeros. */
export function withinRange(cpuid: Cpuid): Cpuid {
  const lastBasic = cpuid(0).eax;
  const lastExtended = cpuid(0x80000000).eax;
  return (leaf, subleaf) => {
    if (leaf >= 0x80000000) return leaf <= lastExtended ? cpuid(leaf, subleaf) : noRegisters;
    // The hypervisor's range has no place in the processor's own count.
    return leaf >= 0x40000000 || leaf <= lastBasic ? cpuid(leaf, subleaf) : noRegisters;
  };
}
