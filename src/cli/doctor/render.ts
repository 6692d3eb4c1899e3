import { renderTable, type TableOptions } from '../output.ts';
import { wrapWords } from '../wrap.ts';
import type { Checked } from './check.ts';

/** One row a check, long sentences on several lines, what to do under what was found. */
export function renderChecks(results: readonly Checked[], { colour }: Pick<TableOptions, 'colour'>): string {
  const rows = results.flatMap(({ name, status, message, advice }) => {
    const lines = [
      ...message.split('\n').flatMap((line) => wrapWords(line.split(' '))),
      // One thing to do a line, however long: commands are copied from here.
      ...(advice?.split('; ') ?? []).map((line) => `-> ${line}`),
    ];
    return lines.map((line, index) => (index === 0 ? [status, name, line] : ['', '', line]));
  });
  const count = (wanted: Checked['status']): number =>
    results.filter(({ status }) => status === wanted).length;
  const sum = `${String(count('ok'))} ok, ${String(count('warning'))} warnings, ${String(count('failed'))} failed, ${String(count('not checked'))} not checked\n`;
  return `${renderTable(rows, { header: ['STATUS', 'CHECK', 'FOUND'], colour })}\n${sum}`;
}
