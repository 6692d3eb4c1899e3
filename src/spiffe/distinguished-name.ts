import { type DerElement, DerReader, malformed, tag } from './der.ts';
import { objectIdentifier } from './der-values.ts';

const printable = /^[A-Za-z0-9 '()+,\-./:=?*&]*$/;
const numeric = /^[0-9 ]*$/;
const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function isUtf8(content: Uint8Array): boolean {
  try {
    strictUtf8.decode(content);
    return true;
  } catch {
    return false;
  }
}

/** UCS-2 without surrogates and noncharacters: what lies outside means another text to another reader. */
function isBmp(content: Uint8Array): boolean {
  if (content.length % 2 !== 0) return false;
  for (let i = 0; i < content.length; i += 2) {
    const unit = ((content[i] ?? 0) << 8) | (content[i + 1] ?? 0);
    if ((unit >= 0xd800 && unit <= 0xdfff) || (unit >= 0xfdd0 && unit <= 0xfdef) || unit >= 0xfffe)
      return false;
  }
  return true;
}

const ascii = (content: Uint8Array): string => Buffer.from(content).toString('latin1');

/** The string types that a name may hold (RFC 5280 section 4.1.2.4, and IA5String for emailAddress and DC). */
const stringTypes: ReadonlyMap<number, (content: Uint8Array) => boolean> = new Map([
  [0x0c, isUtf8],
  [0x12, (content: Uint8Array) => numeric.test(ascii(content))],
  [0x13, (content: Uint8Array) => printable.test(ascii(content))],
  [0x14, () => true], // TeletexString: every octet is a character
  [0x16, (content: Uint8Array) => content.every((octet) => octet < 0x80)],
  [0x1e, isBmp],
]);

/** A Name as it stands in the certificate: names are compared byte by byte, as issuers copy them. */
export interface DistinguishedName {
  readonly raw: Uint8Array;
  readonly isEmpty: boolean;
}

/** Checks a Name (RFC 5280 section 4.1.2.4) through and through, and keeps its bytes. */
export function distinguishedName(element: DerElement, what: string): DistinguishedName {
  const relativeNames = new DerReader(element.content);
  while (!relativeNames.isEmpty) {
    const attributes = relativeNames.inside(tag.set, what);
    if (attributes.isEmpty) throw malformed(`${what}: empty relative name`);
    while (!attributes.isEmpty) attribute(attributes.inside(tag.sequence, what), what);
  }
  return { raw: element.raw, isEmpty: element.content.length === 0 };
}

function attribute(reader: DerReader, what: string): void {
  objectIdentifier(reader.element(tag.objectIdentifier, what), what);
  const value = reader.any(what);
  reader.end(what);
  const isValid = stringTypes.get(value.tag);
  if (isValid === undefined || !isValid(value.content))
    throw malformed(`${what}: an attribute is not a valid string`);
}
