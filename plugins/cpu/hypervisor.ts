import type { Host } from '../../src/plugin/host/host.ts';
import { registerText, type Cpuid } from './cpuid.ts';
import { unknownVendor, vendorOf } from './vendor.ts';

/** Clocks that only a guest of one hypervisor has (Linux, Documentation/ABI/testing/sysfs-devices-system-clocksource). */
const guestClocks: readonly (readonly [clock: RegExp, hypervisor: string])[] = [
  [/^kvm-clock$/, 'kvm'],
  [/^hyperv_clocksource/, 'msvm'],
  [/^xen$/, 'xenhvm'],
];

/** `none` on bare metal, the name of the hypervisor, or `unknown` where there is one that does not tell. */
export async function findHypervisor(host: Host, guest: boolean, cpuid: Cpuid | undefined): Promise<string> {
  if (!guest) return 'none';
  return cpuid === undefined ? await byClock(host) : byInstruction(cpuid);
}

function byInstruction(cpuid: Cpuid): string {
  const { ebx, ecx, edx } = cpuid(0x40000000);
  const spelling = registerText(ebx, ecx, edx);
  const vendor = vendorOf(spelling);
  if (vendor !== unknownVendor) return vendor.toLowerCase();
  return spelling.replace(/[^-A-Za-z0-9_.]+/g, '_') || 'unknown';
}

async function byClock(host: Host): Promise<string> {
  const clocks = await host.value(
    '/sys/devices/system/clocksource/clocksource0/available_clocksource',
    /^[\w -]*$/,
  );
  const names = clocks?.split(' ') ?? [];
  return guestClocks.find(([clock]) => names.some((name) => clock.test(name)))?.[1] ?? 'unknown';
}
