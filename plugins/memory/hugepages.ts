import type { DiscoverContext } from '../../src/plugin/contract.ts';
import { readEach } from '../../src/plugin/devices.ts';
import { unreadable, type Host } from '../../src/plugin/host/host.ts';
import type { Finding } from '../../src/plugin/probe.ts';

const folder = '/sys/kernel/mm/hugepages';

/**
 * How many huge pages of each size are set aside, and whether any are (Linux, Documentation/admin-guide/mm/hugetlbpage).
 * Sizes are named as Kubernetes names its resources: `hugepages-2Mi`.
 */
export async function findHugePages(host: Host, context: DiscoverContext): Promise<Finding> {
  const counts = await readEach(
    host,
    folder,
    async (path, name) => {
      const [, kibibytes] = /^hugepages-([1-9]\d{0,14})kB$/.exec(name) ?? [];
      if (kibibytes === undefined) throw unreadable(path, 'names no page size');
      const count = await host.value(`${path}/nr_hugepages`, /^\d{1,18}$/);
      if (count === undefined) throw unreadable(`${path}/nr_hugepages`, 'is missing');
      return [`hugepages-${binarySize(Number(kibibytes))}`, count] as const;
    },
    { what: 'size of huge pages', ...context },
  );
  const sizes = counts ?? [];
  const enabled = sizes.some(([, count]) => Number(count) > 0);
  return { attributes: { enabled: String(enabled), ...Object.fromEntries(sizes) } };
}

/** Kibibytes as a Kubernetes quantity: in the largest unit that leaves a whole number. */
function binarySize(kibibytes: number): string {
  const units = ['Ki', 'Mi', 'Gi', 'Ti', 'Pi'];
  let [size, unit] = [kibibytes, 0];
  while (size % 1024 === 0 && unit < units.length - 1) [size, unit] = [size / 1024, unit + 1];
  return `${String(size)}${units[unit] ?? ''}`;
}
