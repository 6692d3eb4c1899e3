/** The four registers that CPUID fills, as unsigned 32-bit numbers (Intel SDM volume 2A, CPUID). */
export interface Registers {
  readonly eax: number;
  readonly ebx: number;
  readonly ecx: number;
  readonly edx: number;
}

export type Register = keyof Registers;

/** The instruction: the registers for a leaf and subleaf; zeros for a leaf that the processor does not have. */
export type Cpuid = (leaf: number, subleaf?: number) => Registers;

export const noRegisters: Registers = { eax: 0, ebx: 0, ecx: 0, edx: 0 };

/** One bit of a register. */
export function bit(register: number, index: number): boolean {
  return ((register >>> index) & 1) === 1;
}

/** The text in registers, little-endian, ended by the first zero byte. */
export function registerText(...registers: readonly number[]): string {
  const bytes = registers.flatMap((value) => [0, 8, 16, 24].map((shift) => (value >>> shift) & 0xff));
  const end = bytes.indexOf(0);
  return String.fromCharCode(...(end === -1 ? bytes : bytes.slice(0, end)));
}
