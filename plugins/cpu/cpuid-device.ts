import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { unreadable, type Host } from '../../src/plugin/host/host.ts';
import { answered, questions } from './cpuid-answers.ts';
import type { Cpuid, Registers } from './cpuid.ts';

export const cpuidDevice = '/dev/cpu/0/cpuid';
/** Linux, Documentation/admin-guide/devices.txt: 203 char, CPU CPUID information. */
const cpuidMajor = 203;

/** The kernel's device for CPUID, which needs its module `cpuid` and root; undefined where there is none. */
export async function findCpuidDevice(host: Host): Promise<string | undefined> {
  return await host.locate(cpuidDevice);
}

/** All answers of the device. @throws where it may not be opened, or is something else */
export async function askCpuidDevice(file: string): Promise<Cpuid> {
  const handle = await open(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const kind = await handle.stat();
    // A file put there instead could say anything.
    if (!kind.isCharacterDevice() || ((kind.rdev >> 8) & 0xfff) !== cpuidMajor) {
      throw unreadable(cpuidDevice, 'is not the CPUID device');
    }
    const answers: Registers[] = [];
    for (const [leaf, subleaf] of questions) answers.push(await ask(handle, leaf, subleaf));
    return answered(answers);
  } finally {
    await handle.close();
  }
}

async function ask(handle: FileHandle, leaf: number, subleaf: number): Promise<Registers> {
  // The position is the question: EAX in the low 32 bits, ECX in the high ones (cpuid(4)).
  const position = BigInt(leaf) | (BigInt(subleaf) << 32n);
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(16), 0, 16, position);
  if (bytesRead !== 16) throw unreadable(cpuidDevice, 'gave half an answer');
  const [eax = 0, ebx = 0, ecx = 0, edx = 0] = [0, 4, 8, 12].map((offset) => buffer.readUInt32LE(offset));
  return { eax, ebx, ecx, edx };
}
