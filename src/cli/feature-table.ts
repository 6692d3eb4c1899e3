import type { Discovery, Features } from '../plugin/contract.ts';
import type { Notes } from './notes.ts';
import { renderTable, type TableOptions } from './output.ts';
import { wrapWords } from './wrap.ts';

/** Beyond these, a feature is counted and not listed. */
const most = { words: 200, things: 32 };

/** Features for people: a block for each plugin, a row for each feature, then what the plugin said. */
export function renderFeatures(
  { features }: Pick<Discovery, 'features'>,
  notes: Notes,
  { colour }: Pick<TableOptions, 'colour'>,
): string {
  const rows = rowsByPlugin(features);
  const plugins = [...new Set([...rows.keys(), ...notes.keys()])].sort();
  return plugins
    .map((plugin) => {
      const said = (notes.get(plugin) ?? []).flatMap((note) => block('  note', wrapWords(note.split(' '))));
      return renderTable([...(rows.get(plugin) ?? []), ...said], { header: [plugin], colour });
    })
    .join('\n');
}

function rowsByPlugin({ flags, attributes, instances }: Features): Map<string, string[][]> {
  const lines = new Map<string, string[]>();
  const add = (
    kind: Readonly<Record<string, unknown>>,
    linesOf: (key: string) => readonly string[],
  ): void => {
    for (const key of Object.keys(kind)) lines.set(key, [...(lines.get(key) ?? []), ...linesOf(key)]);
  };
  add(flags, (key) => listed(Object.keys(flags[key]?.elements ?? {}), 'flags'));
  add(attributes, (key) => listed(pairs(attributes[key]?.elements ?? {}), 'values'));
  add(instances, (key) => things(instances[key]?.elements.map((each) => pairs(each.attributes)) ?? []));

  const rows = new Map<string, string[][]>();
  for (const [key, found] of [...lines].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const dot = key.indexOf('.');
    const plugin = key.slice(0, dot);
    const shown = found.length === 0 ? ['-'] : found;
    rows.set(plugin, [...(rows.get(plugin) ?? []), ...block(`  ${key.slice(dot + 1)}`, shown)]);
  }
  return rows;
}

/** One row a line, named in the first. */
function block(name: string, lines: readonly string[]): string[][] {
  return lines.map((line, index) => [index === 0 ? name : '', line]);
}

function listed(words: readonly string[], what: string): string[] {
  return words.length > most.words
    ? [`${String(words.length)} ${what} (-o json shows them)`]
    : wrapWords(words);
}

function things(each: readonly (readonly string[])[]): string[] {
  const shown = each.slice(0, most.things).map((words) => words.join(' '));
  const hidden = each.length - shown.length;
  return hidden > 0 ? [...shown, `and ${String(hidden)} more (-o json shows them)`] : shown;
}

function pairs(elements: Readonly<Record<string, string>>): string[] {
  return Object.entries(elements).map(([name, value]) => `${name}=${value}`);
}
