import type { Host } from '../../src/plugin/host/host.ts';
import type { Finding } from '../../src/plugin/probe.ts';
import type { Cpuid } from './cpuid.ts';
import type { Processor } from './processor.ts';

const kvmParameter = /^[\w,-]*$/;

/** Confidential computing: what this host can offer guests, and whether it is such a guest itself. */
export async function findSecurity(host: Host, processor: Processor): Promise<Finding> {
  const parts = [await findSgx(host, processor), await findTdx(host, processor), await findSev(host)];
  if ((await host.value('/sys/firmware/uv/prot_virt_host', /^[01]$/)) === '1')
    parts.push({ 'se.enabled': 'true' });
  return { attributes: Object.fromEntries(parts.flatMap((part) => Object.entries(part))) };
}

type Attributes = Readonly<Record<string, string>>;

/** Enclaves work where the firmware has set memory aside for them. `sgx.epc` is its size in bytes. */
async function findSgx(host: Host, processor: Processor): Promise<Attributes> {
  const cpuid = processor.instruction;
  const size = cpuid === undefined ? await enclaveMemoryOfNodes(host) : enclaveMemory(cpuid);
  return size > 0n ? { 'sgx.enabled': 'true', 'sgx.epc': String(size) } : {};
}

/** Intel SDM volume 3D, 33.7.2: subleaves from 2 on of leaf 0x12 describe sections until one has type 0. */
function enclaveMemory(cpuid: Cpuid): bigint {
  let size = 0n;
  if (((cpuid(7).ebx >>> 2) & 1) === 0) return size;
  for (let subleaf = 2; subleaf < 10; subleaf++) {
    const { eax, ecx, edx } = cpuid(0x12, subleaf);
    if ((eax & 0xf) === 0) break;
    if ((eax & 0xf) === 1) size += BigInt((ecx & 0xfffff000) >>> 0) + (BigInt(edx & 0xfffff) << 32n);
  }
  return size;
}

/** What the kernel found, by NUMA node (Linux, Documentation/ABI/stable/sysfs-devices-node). */
async function enclaveMemoryOfNodes(host: Host): Promise<bigint> {
  const nodes = (await host.list('/sys/devices/system/node')) ?? [];
  let size = 0n;
  for (const node of nodes.filter((name) => /^node\d+$/.test(name))) {
    size += BigInt(
      (await host.value(`/sys/devices/system/node/${node}/x86/sgx_total_bytes`, /^\d{1,19}$/)) ?? 0,
    );
  }
  return size;
}

async function findTdx(host: Host, processor: Processor): Promise<Attributes> {
  const flags = new Set(processor.cpuid.flags);
  const guest: Attributes = flags.has('TDX_GUEST') ? { 'tdx.protected': 'true' } : {};
  if ((await host.value('/sys/module/kvm_intel/parameters/tdx', kvmParameter)) !== 'Y') return guest;
  return { ...guest, 'tdx.enabled': 'true', ...(await capacity(host, 'tdx', 'tdx.total_keys')) };
}

async function findSev(host: Host): Promise<Attributes> {
  const enabled = async (parameter: string): Promise<boolean> => {
    const value = await host.value(`/sys/module/kvm_amd/parameters/${parameter}`, kvmParameter);
    return value !== undefined && /^[1Y]/.test(value);
  };
  return {
    ...((await enabled('sev'))
      ? { 'sev.enabled': 'true', ...(await capacity(host, 'sev', 'sev.asids')) }
      : {}),
    ...((await enabled('sev_es'))
      ? { 'sev.es.enabled': 'true', ...(await capacity(host, 'sev_es', 'sev.encrypted_state_ids')) }
      : {}),
    ...((await enabled('sev_snp')) ? { 'sev.snp.enabled': 'true' } : {}),
  };
}

/** How many the host has in all (Linux, Documentation/admin-guide/cgroup-v2.rst, misc.capacity). */
async function capacity(host: Host, resource: string, name: string): Promise<Attributes> {
  for (const file of ['/sys/fs/cgroup/misc.capacity', '/sys/fs/cgroup/misc/misc.capacity']) {
    const text = await host.text(file, 4096);
    if (text === undefined) continue;
    const count = text
      .split('\n')
      .map((line) => line.split(' '))
      .find(([key, value]) => key === resource && value !== undefined && /^\d{1,18}$/.test(value))?.[1];
    return count === undefined ? {} : { [name]: count };
  }
  return {};
}
