import { LineCounter, parseDocument, type Document, type YAMLError } from 'yaml';
import type { z } from 'zod';
import { FeaturesealError } from '../error.ts';
import { pathText, schemaFaults, type Fault, type Position } from './config-fault.ts';
import { escapeControls } from './escape.ts';
import { locate } from './yaml-position.ts';

export interface ParseOptions {
  readonly code: 'config-invalid' | 'policy-invalid';
  /** What is read, as its user knows it: a file name, or for example `policy`. Leads every message. */
  readonly what: string;
}

/** A configuration is written by hand; what is larger is something else. */
const maxTextLength = 256 * 1024;
/** Aliases save typing; many of them in one another are an attack on memory ("billion laughs"). */
const maxAliases = 32;
const maxFaultsShown = 20;
const tooDeep: Fault = { path: [], message: 'is nested too deeply or has too many aliases' };

/**
 * Untrusted YAML 1.2 text as what `schema` makes of it. The schema is made of strict objects, so that an
 * unknown key is a fault. Throws a FeaturesealError under `code` that lists all faults with line and column.
 */
export function parseYaml<T>(text: string, schema: z.ZodType<T>, options: ParseOptions): T {
  if (text.length > maxTextLength) {
    throw refusal([{ path: [], message: `is larger than ${maxTextLength} characters` }], options);
  }
  const lines = new LineCounter();
  const document = readDocument(text, lines, options);
  const value = expand(document, options);
  return accept(value, schema, options, ({ path }) => locate(document, lines, path));
}

/** The same for a value that is parsed already: all faults at once, each with its path. */
export function parseObject<T>(value: unknown, schema: z.ZodType<T>, options: ParseOptions): T {
  return accept(value, schema, options);
}

function readDocument(text: string, lines: LineCounter, options: ParseOptions): Document.Parsed {
  const document = parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false,
    stringKeys: true,
    version: '1.2',
  });
  // A warning is a tag or directive that is not understood: whoever wrote it meant something by it.
  const problems = [...document.errors, ...document.warnings];
  if (problems.some(({ message }) => message.includes('call stack'))) throw refusal([tooDeep], options);
  const faults = problems.map((problem) => syntaxFault(problem, lines));
  // Under YAML 1.1 the bare word `off` is a boolean, and so on: the same text would mean something else.
  if (document.directives.yaml.version !== '1.2') faults.push({ path: [], message: 'is not YAML 1.2' });
  if (faults.length > 0) throw refusal(faults, options);
  return document;
}

function syntaxFault({ code, message, pos }: YAMLError, lines: LineCounter): Fault {
  const text = code === 'MULTIPLE_DOCS' ? 'only one document is allowed' : escapeControls(message);
  return { path: [], message: text, position: lines.linePos(pos[0]) };
}

/** The library throws where aliases go too far, and the engine where nesting does. */
function expand(document: Document.Parsed, options: ParseOptions): unknown {
  try {
    return document.toJS({ maxAliasCount: maxAliases });
  } catch (cause) {
    throw refusal([tooDeep], options, cause);
  }
}

function accept<T>(
  value: unknown,
  schema: z.ZodType<T>,
  options: ParseOptions,
  find: (fault: Fault) => Position | undefined = () => undefined,
): T {
  if (value === null || value === undefined) throw refusal([{ path: [], message: 'is empty' }], options);
  const result = schema.safeParse(value, { reportInput: true });
  if (result.success) return result.data;
  const faults = schemaFaults(result.error.issues).map((fault) => ({ fault, position: find(fault) }));
  throw refusal(
    faults.map(({ fault, position }) => (position === undefined ? fault : { ...fault, position })),
    options,
  );
}

/** One fault on the line of the message, several on a line each, in the order of the text. */
function refusal(faults: readonly Fault[], { code, what }: ParseOptions, cause?: unknown): FeaturesealError {
  const shown = faults.toSorted(byPosition).slice(0, maxFaultsShown).map(faultText);
  if (faults.length > shown.length) shown.push(`and ${faults.length - shown.length} more`);
  const list = shown.length === 1 ? ` ${shown.join('')}` : ['', ...shown].join('\n  ');
  return new FeaturesealError({ code, message: `${what}:${list}`, cause });
}

function byPosition({ position: a }: Fault, { position: b }: Fault): number {
  return a === undefined || b === undefined ? 0 : a.line - b.line || a.col - b.col;
}

function faultText({ path, message, position }: Fault): string {
  const where = position === undefined ? '' : `line ${position.line}, column ${position.col}`;
  const subject = [where, pathText(path)].filter((part) => part !== '').join(', ');
  return subject === '' ? message : `${subject}: ${message}`;
}
