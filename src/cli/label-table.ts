import { renderTable, type TableOptions } from './output.ts';
import { wrapWords } from './wrap.ts';

/** From this many on, labels `family.x=true` are shown as one row. */
const familySize = 3;

/**
 * Labels for people: grouped by the prefix of their keys, sorted, and the many that only say `true` folded into one
 * row for each family, such as `cpu-cpuid.*`.
 */
export function renderLabels(
  labels: Readonly<Record<string, string>>,
  { colour }: Pick<TableOptions, 'colour'>,
): string {
  const byPrefix = Map.groupBy(Object.entries(labels), ([key]) => key.slice(0, key.lastIndexOf('/') + 1));
  return [...byPrefix]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([prefix, entries]) => {
      const names = entries.map(([key, value]) => [key.slice(prefix.length), value] as const);
      return renderTable(rowsOf(names), { header: [prefix, `${String(entries.length)} labels`], colour });
    })
    .join('\n');
}

function rowsOf(entries: readonly (readonly [name: string, value: string])[]): string[][] {
  const families = Map.groupBy(entries, ([name, value]) => (value === 'true' ? familyOf(name) : name));
  return [...families]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([family, members]) => {
      const sorted = members.toSorted(([a], [b]) => (a < b ? -1 : 1));
      if (!family.endsWith('.') || members.length < familySize) {
        return sorted.map(([name, value]) => [`  ${name}`, value]);
      }
      const lines = wrapWords(sorted.map(([name]) => name.slice(family.length)));
      return lines.map((line, index) => (index === 0 ? [`  ${family}*`, line] : ['', line]));
    });
}

/** `cpu-cpuid.` of `cpu-cpuid.AVX2`; the name itself where it has no dot. */
function familyOf(name: string): string {
  return name.slice(0, name.indexOf('.') + 1) || name;
}
