import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const docs = join(import.meta.dirname, '../../../docs');

export function readDocument(file: string): string {
  return readFileSync(join(docs, file), 'utf8');
}

/** The fenced blocks of a page that begin with this info text, in order. */
export function blocks(page: string, info: string): readonly string[] {
  const fenced = page.matchAll(/^```([^\n]*)\n([^]*?)\n```$/gm);
  return [...fenced].filter(([, each]) => each === info).map(([, , text]) => text!);
}

/** The rows of all tables whose header is this, cell by cell. */
export function tableRows(page: string, header: string): readonly (readonly string[])[] {
  return page
    .split('\n\n')
    .filter((paragraph) => paragraph.startsWith(header))
    .flatMap((table) => table.trim().split('\n').slice(2))
    .map((row) =>
      row
        .slice(1, -1)
        .split('|')
        .map((cell) => cell.trim()),
    );
}
