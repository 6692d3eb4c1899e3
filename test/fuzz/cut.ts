/** One check taken out of the program's text. */
export interface Cut {
  /** What is no longer checked. */
  readonly id: string;
  /** The step of docs/seal.md that the check belongs to. */
  readonly step: number;
  readonly edits: readonly Edit[];
}

export interface Edit {
  /** Under src/. */
  readonly file: string;
  /** Stands in the file exactly once; white space does not matter. */
  readonly find: string;
  readonly replace: string;
}

export const cut = (id: string, step: number, file: string, find: string, replace = ''): Cut => ({
  id,
  step,
  edits: [{ file, find, replace }],
});

/** The text without the check. @throws Error where the check is not there, or not once */
export function withEdit(source: string, { find, replace, file }: Edit): string {
  const tokens = find.match(/\w+|\s+|[^\w\s]/g) ?? [];
  const pattern = tokens
    .map((token) => (/^\s+$/.test(token) ? '\\s*' : token.replace(/[^\w]/, String.raw`\$&`)))
    .join('');
  const found = [...source.matchAll(new RegExp(pattern, 'g'))];
  if (found.length !== 1) throw new Error(`src/${file} has ${found.length} times: ${find}`);
  return source.replace(new RegExp(pattern), () => replace);
}
