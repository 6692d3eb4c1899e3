import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { noRegisters } from '../../../../plugins/cpu/cpuid.ts';
import { findInstruction, type Instruction } from '../../../../plugins/cpu/instruction.ts';
import { hostOf } from '../../../../src/plugin/host/host.ts';
import { silentLog } from '../../../../src/runtime/log.ts';

describe('the CPUID instruction', () => {
  test('that answered by a device is not asked again, as long as the device is there', async () => {
    const hostRoot = await mkdtemp(join(tmpdir(), 'featureseal-cpuid-'));
    try {
      const folder = join(hostRoot, 'dev/cpu/0');
      const device = join(folder, 'cpuid');
      await mkdir(folder, { recursive: true });
      // No device: who asks it is refused.
      await writeFile(device, '');
      const answered: Instruction = { by: 'device', cpuid: () => noRegisters, flags: new Set(['AVX']) };
      const find = (known: Map<string, Instruction>) => {
        const { signal } = new AbortController();
        const host = hostOf({ hostRoot, signal });
        const context = { host, hostRoot, signal, now: new Date(), log: silentLog };
        return findInstruction(host, new Set(), known, context);
      };
      expect(await find(new Map())).toBeUndefined();
      expect(await find(new Map([[device, answered]]))).toBe(answered);
      expect(await find(new Map([[`${device}-of-another`, answered]]))).toBeUndefined();
      await rm(device);
      expect(await find(new Map([[device, answered]]))).toBeUndefined();
    } finally {
      await rm(hostRoot, { recursive: true });
    }
  });
});
