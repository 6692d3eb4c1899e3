import { type DerElement, type DerReader, malformed, tag } from './der.ts';
import { visibleAscii } from './der-values.ts';

/** A name of a subjectAltName in one of the forms that constraints are enforced for. `ip` has 4 or 16 octets. */
export type GeneralName =
  | { readonly form: 'email' | 'dns' | 'uri'; readonly text: string }
  | { readonly form: 'ip'; readonly octets: Uint8Array };

const email = tag.context(1);
const dns = tag.context(2);
const uri = tag.context(6);
const ip = tag.context(7);
/** otherName, x400Address, directoryName, ediPartyName, registeredID: legal, and nothing is decided by them. */
const otherForms: ReadonlySet<number> = new Set([
  ...[0, 3, 4, 5].map(tag.contextConstructed),
  tag.context(8),
]);

/** The generic form (RFC 3986 section 3): scheme, authority where `//` begins one, and what follows. */
const uriParts = /^[A-Za-z][A-Za-z0-9+.-]*:(?:\/\/([^/?#]*))?([^#]*)(?:#([^#]*))?$/;
const uriAuthority = /^(?:(?:[\w.~!$&'()*+,;=:-]|%[0-9A-Fa-f]{2})*@)?([\w.~!$&'()*+,;=-]*)(?::[0-9]*)?$/;
const uriCharacters = /^(?:[\w.~!$&'()*+,;=:@/?-]|%[0-9A-Fa-f]{2})*$/;

/** Whether every label of a domain name holds something: no leading, trailing or doubled dot. */
export function hasNoEmptyLabel(domain: string): boolean {
  return domain.split('.').every((label) => label !== '');
}

/** The host of a URI as written, empty without one; undefined when the text is not a URI with a plain host name. */
export function uriHost(text: string): string | undefined {
  const parts = uriParts.exec(text);
  if (parts === null) return undefined;
  const [, authority = '', rest = '', fragment = ''] = parts;
  const host = uriAuthority.exec(authority)?.[1];
  if (host === undefined || !uriCharacters.test(rest) || !uriCharacters.test(fragment)) return undefined;
  return host === '' || hasNoEmptyLabel(host) ? host : undefined;
}

/** A mailbox of plain atoms, its domain in lower case; undefined for anything that others could read differently. */
export function parseMailbox(text: string): string | undefined {
  const match = /^([\w!#$%&'*+/=?^`{|}~-]+(?:\.[\w!#$%&'*+/=?^`{|}~-]+)*)@([A-Za-z0-9_.-]+)$/.exec(text);
  const [, local = '', domain = ''] = match ?? [];
  return match !== null && hasNoEmptyLabel(domain) ? `${local}@${domain.toLowerCase()}` : undefined;
}

/** IPv4 in any notation that some reader accepts as an address: the last label is a number. */
export function looksLikeAddress(domain: string): boolean {
  return /(?:^|\.)(?:\d+|0x[0-9a-f]*)$/i.test(domain);
}

/** GeneralNames (RFC 5280 section 4.2.1.6): at least one; names of the other forms are checked by tag and left out. */
export function readGeneralNames(reader: DerReader, what: string): readonly GeneralName[] {
  const names: GeneralName[] = [];
  if (reader.isEmpty) throw malformed(`${what}: no name`);
  while (!reader.isEmpty) {
    const element = reader.any(what);
    const name = generalName(element, what);
    if (name !== undefined) names.push(name);
    else if (!otherForms.has(element.tag)) throw malformed(`${what}: unknown form of name`);
  }
  return names;
}

function generalName({ tag: form, content }: DerElement, what: string): GeneralName | undefined {
  switch (form) {
    case email:
      return { form: 'email', text: visibleAscii(content, what) };
    case dns: {
      const text = visibleAscii(content, what);
      if (!hasNoEmptyLabel(text)) throw malformed(`${what}: DNS name with an empty label`);
      return { form: 'dns', text };
    }
    case uri: {
      const text = visibleAscii(content, what);
      if (uriHost(text) === undefined) throw malformed(`${what}: not a URI`);
      return { form: 'uri', text };
    }
    case ip:
      if (content.length !== 4 && content.length !== 16) throw malformed(`${what}: IP address`);
      return { form: 'ip', octets: content };
    default:
      return undefined;
  }
}
