import { type DerElement, DerReader, malformed, onlyInside, tag } from './der.ts';
import { visibleAscii } from './der-values.ts';
import { hasNoEmptyLabel, looksLikeAddress, parseMailbox } from './general-name.ts';

const domainText = /^[\w.-]+$/;
const textForms: ReadonlyMap<number, 'email' | 'dns' | 'uri'> = new Map([
  [tag.context(1), 'email'],
  [tag.context(2), 'dns'],
  [tag.context(6), 'uri'],
]);

/** One subtree. `text` of a dns, uri or email constraint is in lower case but for the local part of a mailbox. */
export type Subtree =
  | { readonly form: 'email' | 'dns' | 'uri'; readonly text: string }
  | { readonly form: 'ip'; readonly address: Uint8Array; readonly mask: Uint8Array };

/** NameConstraints (RFC 5280 section 4.2.1.10). */
export interface NameConstraints {
  readonly permitted: readonly Subtree[];
  readonly excluded: readonly Subtree[];
  /** Whether a form is constrained that is not enforced here; then nothing under this issuer is accepted. */
  readonly hasOtherForms: boolean;
}

/** Reads the extension's value; a constraint that could match nothing as written is refused, not ignored. */
export function parseNameConstraints(der: Uint8Array): NameConstraints {
  const what = 'name constraints';
  const reader = onlyInside(der, tag.sequence, what);
  const lists = [0, 1].map((number) => subtrees(reader.optional(tag.contextConstructed(number), what), what));
  reader.end(what);
  const [permitted = [], excluded = []] = lists;
  if (permitted.length + excluded.length === 0) throw malformed(`${what}: no subtree`);
  const isKnown = (subtree: Subtree | undefined): subtree is Subtree => subtree !== undefined;
  return {
    permitted: permitted.filter(isKnown),
    excluded: excluded.filter(isKnown),
    hasOtherForms: ![...permitted, ...excluded].every(isKnown),
  };
}

function subtrees(field: DerElement | undefined, what: string): readonly (Subtree | undefined)[] {
  if (field === undefined) return [];
  const reader = new DerReader(field.content);
  const list: (Subtree | undefined)[] = [];
  while (!reader.isEmpty) {
    const subtree = reader.inside(tag.sequence, what);
    list.push(base(subtree.any(what), what));
    // minimum is always 0, which DER leaves out, and maximum is always absent.
    subtree.end(what);
  }
  if (list.length === 0) throw malformed(`${what}: empty list of subtrees`);
  return list;
}

function base({ tag: form, content }: DerElement, what: string): Subtree | undefined {
  if (form === tag.context(7)) return network(content, what);
  const name = textForms.get(form);
  // directoryName and the rest: comparing them needs string preparation (RFC 5280 section 7.1), and a comparison
  // that misses a match lets an excluded name through.
  if (name === undefined) return undefined;
  const text = visibleAscii(content, what);
  if (name === 'email' && text.includes('@')) {
    const mailbox = parseMailbox(text);
    if (mailbox === undefined) throw malformed(`${what}: not a mailbox`);
    return { form: name, text: mailbox };
  }
  const domain = name !== 'dns' && text.startsWith('.') ? text.slice(1) : text;
  const isDomain =
    text === '' || (domainText.test(domain) && hasNoEmptyLabel(domain) && !looksLikeAddress(domain));
  if (!isDomain) throw malformed(`${what}: not a domain`);
  return { form: name, text: text.toLowerCase() };
}

function network(content: Uint8Array, what: string): Subtree {
  if (content.length !== 8 && content.length !== 32) throw malformed(`${what}: not an address with a mask`);
  const half = content.length / 2;
  const mask = content.subarray(half);
  const bits = [...mask].map((octet) => octet.toString(2).padStart(8, '0')).join('');
  if (bits.includes('01')) throw malformed(`${what}: mask with holes`);
  return { form: 'ip', address: content.subarray(0, half), mask };
}
