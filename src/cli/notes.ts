import type { Log, LogFields } from '../port/log.ts';
import { escapeControls } from '../runtime/escape.ts';
import type { CliContext } from './context.ts';
import { wrapWords } from './wrap.ts';

/** What a plugin said of its own discovery, beside the result. */
export type Notes = ReadonlyMap<string, readonly string[]>;

/** Warnings go to the person at once; what plugins say of their work is kept for the table, the last discovery's. */
export function notingLog({ err }: CliContext): { readonly log: Log; readonly notes: Notes } {
  const notes = new Map<string, string[]>();
  const note = (message: string, fields: LogFields = {}): void => {
    const { plugin, ...rest } = fields;
    if (typeof plugin !== 'string') return;
    const said = notes.get(plugin) ?? [];
    const text = sentence(message, rest);
    if (!said.includes(text)) notes.set(plugin, [...said, text]);
  };
  const warn = (message: string, fields: LogFields = {}): void => {
    err(`featureseal: ${escapeControls(sentence(message, fields))}\n`);
  };
  return { log: { debug: note, info: note, warn, error: warn }, notes };
}

/** The notes as lines under a table. */
export function renderNotes(notes: Notes): string {
  return [...notes]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([plugin, said]) => said.map((note) => `${plugin}: ${note}`))
    .flatMap((note) => wrapWords(note.split(' ')))
    .map((line) => `${escapeControls(line)}\n`)
    .join('');
}

function sentence(message: string, fields: LogFields): string {
  const details = Object.entries(fields).map(([name, value]) => `${name} ${String(value)}`);
  return details.length === 0 ? message : `${message}: ${details.join(', ')}`;
}
