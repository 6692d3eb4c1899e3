// Writes DER, and near misses of it, element by element.

/** One element: tag, length in the fewest octets, content. */
export function der(tag: number, ...content: readonly Uint8Array[]): Uint8Array {
  const body = Buffer.concat(content);
  return new Uint8Array(Buffer.concat([Buffer.from([tag, ...lengthOctets(body.length)]), body]));
}

function lengthOctets(length: number): readonly number[] {
  if (length < 0x80) return [length];
  const octets: number[] = [];
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) octets.unshift(rest % 256);
  return [0x80 | octets.length, ...octets];
}

export const bytes = (...octets: readonly number[]): Uint8Array => Uint8Array.from(octets);
export const ascii = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'latin1'));
export const sequence = (...content: readonly Uint8Array[]): Uint8Array => der(0x30, ...content);
export const set = (...content: readonly Uint8Array[]): Uint8Array => der(0x31, ...content);
export const integer = (...octets: readonly number[]): Uint8Array => der(0x02, bytes(...octets));
export const octetString = (content: Uint8Array): Uint8Array => der(0x04, content);
/** A BIT STRING of whole octets unless `unused` says otherwise. */
export const bitString = (content: Uint8Array, unused = 0): Uint8Array => der(0x03, bytes(unused), content);
export const nullValue = der(0x05);
export const derTrue = bytes(0x01, 0x01, 0xff);
/** `[number]`, primitive. */
export const context = (number: number, content: Uint8Array): Uint8Array => der(0x80 | number, content);
/** `[number]`, constructed. */
export const explicit = (number: number, ...content: readonly Uint8Array[]): Uint8Array =>
  der(0xa0 | number, ...content);

/** An OBJECT IDENTIFIER from its dotted form. */
export function oid(dotted: string): Uint8Array {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  const octets = [first * 40 + second, ...rest].flatMap((arc) => {
    const septets = [arc % 128];
    for (let left = Math.floor(arc / 128); left > 0; left = Math.floor(left / 128))
      septets.unshift(0x80 | (left % 128));
    return septets;
  });
  return der(0x06, bytes(...octets));
}

/** A Name of one commonName, or the empty one. */
export function commonName(text: string | undefined, stringTag = 0x0c): Uint8Array {
  if (text === undefined) return sequence();
  return sequence(set(sequence(oid('2.5.4.3'), der(stringTag, ascii(text)))));
}

/** UTCTime of a text such as `260101000000Z`. */
export const utcTime = (text: string): Uint8Array => der(0x17, ascii(text));
export const generalizedTime = (text: string): Uint8Array => der(0x18, ascii(text));

export function extension(dotted: string, value: Uint8Array, isCritical = false): Uint8Array {
  return sequence(oid(dotted), ...(isCritical ? [derTrue] : []), octetString(value));
}
