import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { shareNoticed, type Outcome } from './outcome.ts';
import type { Survivors } from './survivors.ts';

export const page = join(import.meta.dirname, '../../docs/mutation.md');

/** Writes the part of docs/mutation.md that a run decides. */
export function writePage(outcome: Outcome, survivors: Survivors): void {
  const date = new Date().toISOString().slice(0, 10);
  const text = withSection(readFileSync(page, 'utf8'), 'counts', countsTable(outcome, date));
  writeFileSync(page, withSection(text, 'survivors', survivorsTable(survivors)));
}

/** What stands between two markers, replaced. */
function withSection(text: string, name: string, section: string): string {
  const [before, rest] = text.split(`<!-- ${name} -->\n`);
  const [, after] = (rest ?? '').split(`<!-- end of ${name} -->\n`);
  if (before === undefined || after === undefined) throw new Error(`${page} has no section ${name}`);
  return `${before}<!-- ${name} -->\n\n${section}\n<!-- end of ${name} -->\n${after}`;
}

function countsTable({ counts }: Outcome, date: string): string {
  const rows = [...counts].map(([folder, count]) => {
    const { killed, survived, timedOut, notCovered } = count;
    const share = (100 * shareNoticed([count])).toFixed(2);
    return `| ${date} | ${folder} | ${killed} | ${timedOut} | ${survived} | ${notCovered} | ${share} % |\n`;
  });
  const total = (100 * shareNoticed(counts.values())).toFixed(2);
  return `${row(['date', 'folder', 'killed', 'timed out', 'survived', 'not covered', 'noticed'])}${row(Array(7).fill('---'))}${rows.join('')}\nTogether: ${total} %.\n`;
}

/** As it stands on the page: one table for all reasons. */
export function survivorsTable(survivors: Survivors): string {
  const rows = survivors.flatMap(({ reason, mutants }) =>
    mutants.map(({ file, line, change }) => row([file, code(line), code(change), reason])),
  );
  return `${row(['file', 'line', 'mutant', 'why'])}${row(Array(4).fill('---'))}${rows.join('')}`;
}

const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |\n`;

/** Code in a cell: a pipe would end the cell, a backtick the code. */
function code(text: string): string {
  const escaped = text.replaceAll('|', '\\|');
  return escaped.includes('`') ? `\`\` ${escaped} \`\`` : `\`${escaped}\``;
}
