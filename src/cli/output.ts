import { styleText } from 'node:util';
import { Document, visit } from 'yaml';
import { escapeControls } from '../runtime/escape.ts';
import type { CliContext } from './context.ts';

type Out = Pick<CliContext, 'out'>;

/** One indented JSON text. */
export function printJson({ out }: Out, value: unknown): void {
  // JSON leaves some control characters as they are; outside its strings there are none but line feeds.
  out(`${escapeControls(JSON.stringify(value, undefined, 2), true)}\n`);
}

/** One YAML document. */
export function printYaml({ out }: Out, value: unknown): void {
  // What kubectl, which reads YAML 1.1, would take for a boolean, a number or a date (on, 1_000) goes into quotes too.
  const document = new Document(value, { aliasDuplicateObjects: false, compat: 'yaml-1.1' });
  // What must be escaped can be so in double quotes only.
  visit(document, {
    Scalar: (_, node) => {
      if (typeof node.value === 'string' && escapeControls(node.value, true) !== node.value)
        node.type = 'QUOTE_DOUBLE';
    },
  });
  out(escapeControls(document.toString({ lineWidth: 0 }), true));
}

export interface TableOptions {
  readonly header?: readonly string[];
  readonly colour: boolean;
}

/** Rows as aligned columns, two spaces apart; the header bold where colour is welcome. Cells are escaped. */
export function renderTable(rows: readonly (readonly string[])[], { header, colour }: TableOptions): string {
  const body = rows.map((row) => row.map((cell) => escapeControls(cell)));
  const all = header === undefined ? body : [header, ...body];
  const widths = all.reduce<number[]>(
    (widest, row) =>
      row.map((cell, column) => Math.max(cell.length, widest[column] ?? 0)).concat(widest.slice(row.length)),
    [],
  );
  const lines = all.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
  const [first = '', ...others] = lines;
  const styled = header !== undefined && colour ? styleText('bold', first, { validateStream: false }) : first;
  return lines.length === 0 ? '' : `${[styled, ...others].join('\n')}\n`;
}
