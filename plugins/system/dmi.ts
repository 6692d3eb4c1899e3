import type { DiscoverContext } from '../../src/plugin/contract.ts';
import { readAttributes } from '../../src/plugin/devices.ts';
import type { Host } from '../../src/plugin/host/host.ts';
import type { Finding } from '../../src/plugin/probe.ts';

const folder = '/sys/devices/virtual/dmi/id';

/** What everybody may read; serial numbers and the UUID of the machine are root's alone. */
const files = [
  ...['bios_date', 'bios_vendor', 'bios_version'],
  ...['board_asset_tag', 'board_name', 'board_vendor', 'board_version'],
  ...['chassis_asset_tag', 'chassis_type', 'chassis_vendor', 'chassis_version'],
  ...['product_family', 'product_name', 'product_sku', 'product_version', 'sys_vendor'],
].map((name) => [name, name, /^[^\p{Cc}]*$/u] as const);

/** What the firmware says of the machine (SMBIOS; Linux, drivers/firmware/dmi-id.c). */
export async function findDmi(host: Host, context: DiscoverContext): Promise<Finding | undefined> {
  const attributes = await readAttributes(host, folder, files, context);
  return Object.keys(attributes).length === 0 ? undefined : { attributes };
}
