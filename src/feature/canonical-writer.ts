// The structural characters of JSON (RFC 8259 section 2), in ASCII.
const beginArray = 0x5b;
const beginObject = 0x7b;
const endArray = 0x5d;
const endObject = 0x7d;
const nameSeparator = 0x3a;
const valueSeparator = 0x2c;
const quotationMark = 0x22;
const reverseSolidus = 0x5c;
/** UTF-8 octets of one UTF-16 code unit, at most. */
const mostOctets = 3;
const firstCapacity = 64 * 1024;

/**
 * Writes RFC 8785 text straight into its UTF-8 bytes, member by member in the order that it is told. What makes large
 * objects cheap: a text of plain ASCII, as nearly all are, is looked at and written once, character by character; no
 * other text is made of it on the way. A comma follows every value at first; what ends takes the last one back.
 */
export class CanonicalWriter {
  #bytes = Buffer.allocUnsafe(firstCapacity);
  #length = 0;

  /** What was written, once the outermost value has ended. */
  get bytes(): Buffer<ArrayBuffer> {
    return this.#bytes.subarray(0, this.#length - 1);
  }

  beginObject(): void {
    this.#begin(beginObject);
  }

  endObject(): void {
    this.#end(endObject);
  }

  beginArray(): void {
    this.#begin(beginArray);
  }

  endArray(): void {
    this.#end(endArray);
  }

  /** The name of a member; its value comes next. @returns false, with nothing written, where it needs {@link escapedName} */
  name(text: string): boolean {
    return this.#plain(text, nameSeparator);
  }

  escapedName(text: string): void {
    this.#escaped(text, nameSeparator);
  }

  /** A string that is a value. @returns false, with nothing written, where it needs {@link escapedText} */
  text(text: string): boolean {
    return this.#plain(text, valueSeparator);
  }

  escapedText(text: string): void {
    this.#escaped(text, valueSeparator);
  }

  /** A JSON string of printable ASCII without `"` and `\`, and what separates it from the next. */
  #plain(text: string, separator: number): boolean {
    const { length } = text;
    this.#reserve(length + 3);
    const bytes = this.#bytes;
    const start = this.#length + 1;
    for (let index = 0; index < length; index += 1) {
      const unit = text.charCodeAt(index);
      if (unit < 0x20 || unit > 0x7e || unit === quotationMark || unit === reverseSolidus) return false;
      bytes[start + index] = unit;
    }
    const end = start + length;
    bytes[start - 1] = quotationMark;
    bytes[end] = quotationMark;
    bytes[end + 1] = separator;
    this.#length = end + 2;
    return true;
  }

  /** Any JSON string, as ECMAScript writes it: what RFC 8785 section 3.2.2.2 asks for. */
  #escaped(text: string, separator: number): void {
    const json = JSON.stringify(text);
    this.#reserve(json.length * mostOctets + 1);
    this.#length += this.#bytes.write(json, this.#length, 'utf8');
    this.#bytes[this.#length] = separator;
    this.#length += 1;
  }

  #begin(character: number): void {
    this.#reserve(1);
    this.#bytes[this.#length] = character;
    this.#length += 1;
  }

  #end(character: number): void {
    this.#reserve(2);
    if (this.#bytes[this.#length - 1] === valueSeparator) this.#length -= 1;
    this.#bytes[this.#length] = character;
    this.#bytes[this.#length + 1] = valueSeparator;
    this.#length += 2;
  }

  #reserve(octets: number): void {
    const needed = this.#length + octets;
    if (needed <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafe(2 * needed);
    this.#bytes.copy(larger, 0, 0, this.#length);
    this.#bytes = larger;
  }
}
