import { type DerElement, type DerReader, malformed, tag } from './der.ts';

/** Largest number that an INTEGER or an arc of an OBJECT IDENTIFIER may have where this package reads one as number. */
const largestNumber = 2 ** 31 - 1;

/** BOOLEAN that is DEFAULT FALSE: DER writes only TRUE, as FF (X.690 sections 11.1 and 11.5). */
export function readDefaultFalse(reader: DerReader, what: string): boolean {
  const element = reader.optional(tag.boolean, what);
  if (element === undefined) return false;
  if (element.content.length !== 1 || element.content[0] !== 0xff)
    throw malformed(`${what}: BOOLEAN is not TRUE as FF`);
  return true;
}

/** The content of an INTEGER in two's complement, checked to be in the fewest octets (X.690 section 8.3.2). */
function integerContent(element: DerElement, what: string): Uint8Array {
  const [first, second] = element.content;
  if (first === undefined) throw malformed(`${what}: empty INTEGER`);
  if (second !== undefined && ((first === 0 && second < 0x80) || (first === 0xff && second >= 0x80))) {
    throw malformed(`${what}: INTEGER not in the fewest octets`);
  }
  return element.content;
}

/** The magnitude of an INTEGER that must not be negative, without the sign octet. Zero is one octet 00. */
export function unsignedInteger(element: DerElement, what: string): Uint8Array {
  const content = integerContent(element, what);
  const [first = 0] = content;
  if (first >= 0x80) throw malformed(`${what}: negative INTEGER`);
  return first === 0 && content.length > 1 ? content.subarray(1) : content;
}

/** An INTEGER from 0 to 2^31-1. */
export function smallInteger(element: DerElement, what: string): number {
  const magnitude = unsignedInteger(element, what);
  const value = magnitude.length > 4 ? Infinity : magnitude.reduce((sum, octet) => sum * 256 + octet, 0);
  if (value > largestNumber) throw malformed(`${what}: INTEGER above 2^31-1`);
  return value;
}

/** The octets of a BIT STRING that has a whole number of them. */
export function wholeBitString(element: DerElement, what: string): Uint8Array {
  if (element.content.length === 0 || element.content[0] !== 0)
    throw malformed(`${what}: BIT STRING with a partial octet`);
  return element.content.subarray(1);
}

/** A named bit list (X.690 section 11.2.2): unused bits are zero and the last used bit is one. Bit 0 is the first. */
export function namedBits(element: DerElement, what: string): (bit: number) => boolean {
  const [unused, ...octets] = element.content;
  const last = octets.at(-1);
  if (unused === undefined || last === undefined || unused > 7 || octets.length > 4)
    throw malformed(`${what}: named bits`);
  const lowestUsed = 1 << unused;
  if ((last & (lowestUsed - 1)) !== 0 || (last & lowestUsed) === 0)
    throw malformed(`${what}: named bits with padding`);
  return (bit) => (((octets[bit >> 3] ?? 0) << (bit & 7)) & 0x80) !== 0;
}

/** An OBJECT IDENTIFIER in dotted form; arcs above 2^31-1 and padded arcs are refused (X.690 section 8.19). */
export function objectIdentifier(element: DerElement, what: string): string {
  const { content } = element;
  const last = content.at(-1);
  if (last === undefined || last >= 0x80 || content.length > 64)
    throw malformed(`${what}: OBJECT IDENTIFIER`);
  const arcs: number[] = [];
  let arc = 0;
  let arcStarts = true;
  for (const octet of content) {
    if (arcStarts && octet === 0x80) throw malformed(`${what}: padded arc`);
    arc = arc * 128 + (octet & 0x7f);
    if (arc > largestNumber) throw malformed(`${what}: arc above 2^31-1`);
    arcStarts = octet < 0x80;
    if (!arcStarts) continue;
    if (arcs.length === 0) {
      const root = Math.min(2, Math.floor(arc / 40));
      arcs.push(root, arc - root * 40);
    } else {
      arcs.push(arc);
    }
    arc = 0;
  }
  return arcs.join('.');
}

/** `text` of printable ASCII (the characters of an IA5String that a name may hold: no space, no control, no NUL). */
export function visibleAscii(content: Uint8Array, what: string): string {
  if (!content.every((octet) => octet > 0x20 && octet < 0x7f)) throw malformed(`${what}: not visible ASCII`);
  return Buffer.from(content).toString('latin1');
}
