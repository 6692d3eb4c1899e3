import type { z } from 'zod';
import { escapeControls } from './escape.ts';

/** One thing wrong in a configuration. */
export interface Fault {
  readonly path: readonly PropertyKey[];
  readonly message: string;
  /** Where the text is known. */
  readonly position?: Position;
}

/** Both from 1, as editors count. */
export interface Position {
  readonly line: number;
  readonly col: number;
}

type Issue = z.core.$ZodIssue;

/** All faults of a schema's refusal, in words for who writes the file; values are not repeated, they may be secret. */
export function schemaFaults(issues: readonly Issue[]): Fault[] {
  return issues.flatMap(faultsOf);
}

/** `signers[0].mode`; keys from outside are escaped, and quoted unless they are plain. */
export function pathText(path: readonly PropertyKey[]): string {
  const text = path.map((part) => {
    if (typeof part === 'number') return `[${part}]`;
    const key = String(part);
    return /^[\w-]{1,64}$/.test(key) ? `.${key}` : `[${escapeControls(JSON.stringify(key.slice(0, 64)))}]`;
  });
  return text.join('').replace(/^\./, '');
}

function faultsOf(issue: Issue): Fault[] {
  const { path, message } = issue;
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => ({ path: [...path, key], message: 'is not a known key' }));
    case 'invalid_union':
      return unionFaults(issue);
    case 'invalid_key':
      return issue.issues.map((inner) => ({
        path,
        message: `is not a possible key: ${plain(inner.message)}`,
      }));
    case 'invalid_type':
    case 'invalid_value':
      return [{ path, message: typeFault(issue) }];
    default:
      return [{ path, message: plain(message) }];
  }
}

/** The faults of the alternative that the author meant: the one that fits furthest. */
function unionFaults(issue: Extract<Issue, { code: 'invalid_union' }>): Fault[] {
  const ofItsKind = issue.errors.filter((errors) => errors.every(({ path }) => path.length > 0));
  const meant = ofItsKind[0];
  if (meant !== undefined && ofItsKind.length === 1) {
    return schemaFaults(meant).map((fault) => ({ ...fault, path: [...issue.path, ...fault.path] }));
  }
  const why = issue.errors.flatMap((errors) => errors.map((inner) => plain(inner.message)));
  return [
    { path: issue.path, message: why.length > 0 ? [...new Set(why)].join(', or ') : plain(issue.message) },
  ];
}

function typeFault(issue: Extract<Issue, { code: 'invalid_type' | 'invalid_value' }>): string {
  if (issue.input === undefined) return 'is required';
  const message = plain(issue.message);
  const scalar = typeof issue.input === 'number' || typeof issue.input === 'boolean' || issue.input === null;
  const wantsText = issue.code === 'invalid_type' && issue.expected === 'string';
  return wantsText && scalar ? `${message}: put it in quotes` : message;
}

function plain(message: string): string {
  return escapeControls(message.replace(/^Invalid (?:input|option|string): /, ''));
}
