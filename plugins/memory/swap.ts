import { unreadable, type Host } from '../../src/plugin/host/host.ts';
import type { Finding } from '../../src/plugin/probe.ts';

const file = '/proc/swaps';
/** A line a device, of which a kernel has at most some thirty. */
const maxBytes = 64 * 1024;

/** Whether memory is swapped out to any device: a line after the header (proc_swaps(5)). */
export async function findSwap(host: Host): Promise<Finding | undefined> {
  const text = await host.text(file, maxBytes);
  // A kernel that was built without swap has no such file.
  if (text === undefined) return undefined;
  const [header = '', ...devices] = text.split('\n').filter((line) => line.trim() !== '');
  if (!header.startsWith('Filename')) throw unreadable(file, 'does not begin with its header');
  return { attributes: { enabled: String(devices.length > 0) } };
}
