import { FeaturesealError } from '../error.ts';

/** Identifier octets (X.690 section 8.1.2) that certificates use. */
export const tag = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  null: 0x05,
  objectIdentifier: 0x06,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
  /** `[number]` IMPLICIT of a primitive type. */
  context: (number: number): number => 0x80 | number,
  /** `[number]` EXPLICIT, or IMPLICIT of a constructed type. */
  contextConstructed: (number: number): number => 0xa0 | number,
} as const;

/** One element: `raw` is the whole of it, `content` what follows tag and length. Both are views, not copies. */
export interface DerElement {
  readonly tag: number;
  readonly content: Uint8Array;
  readonly raw: Uint8Array;
}

export function malformed(what: string): FeaturesealError {
  return new FeaturesealError({
    code: 'certificate-malformed',
    message: `not strict DER of a certificate: ${what}`,
  });
}

/**
 * Reads a run of DER elements (X.690 section 10) and nothing looser: definite lengths in the fewest octets and tags
 * below 31. BER leniency gives one certificate many encodings, and parsers that disagree on them are the attack.
 * The reader never recurses: callers descend as deep as their schema does, so nesting cannot overflow the stack.
 */
export class DerReader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get isEmpty(): boolean {
    return this.#at === this.#bytes.length;
  }

  /** The next element, whatever its tag. */
  any(what: string): DerElement {
    const start = this.#at;
    const elementTag = this.#octet(what);
    if ((elementTag & 0x1f) === 0x1f) throw malformed(`${what}: tag number above 30`);
    const length = this.#length(what);
    const contentStart = this.#at;
    if (length > this.#bytes.length - contentStart) throw malformed(`${what}: longer than what holds it`);
    this.#at = contentStart + length;
    return {
      tag: elementTag,
      content: this.#bytes.subarray(contentStart, this.#at),
      raw: this.#bytes.subarray(start, this.#at),
    };
  }

  /** The next element, which must have this tag. */
  element(expected: number, what: string): DerElement {
    const found = this.any(what);
    if (found.tag !== expected) throw malformed(`${what}: tag ${found.tag}, expected ${expected}`);
    return found;
  }

  /** The next element when it has this tag, else undefined and nothing is read. */
  optional(expected: number, what: string): DerElement | undefined {
    return this.#bytes[this.#at] === expected ? this.any(what) : undefined;
  }

  /** A reader over the content of the next element. */
  inside(expected: number, what: string): DerReader {
    return new DerReader(this.element(expected, what).content);
  }

  /** X.690 leaves no room after the last element: bytes that nobody reads are bytes that nobody judged. */
  end(what: string): void {
    if (!this.isEmpty) throw malformed(`${what}: trailing bytes`);
  }

  #octet(what: string): number {
    const octet = this.#bytes[this.#at];
    if (octet === undefined) throw malformed(`${what}: missing or cut short`);
    this.#at += 1;
    return octet;
  }

  #length(what: string): number {
    const first = this.#octet(what);
    if (first < 0x80) return first;
    const octets = first & 0x7f;
    // 0 would be the indefinite form; three octets reach 16 MiB, far above every limit here.
    if (octets === 0 || octets > 3) throw malformed(`${what}: indefinite or oversized length`);
    let length = 0;
    for (let i = 0; i < octets; i += 1) length = length * 256 + this.#octet(what);
    if (length < 0x80 || length < 256 ** (octets - 1))
      throw malformed(`${what}: length not in the fewest octets`);
    return length;
  }
}

/** Reads `bytes` as exactly one element with this tag. */
export function onlyElement(bytes: Uint8Array, expected: number, what: string): DerElement {
  const reader = new DerReader(bytes);
  const element = reader.element(expected, what);
  reader.end(what);
  return element;
}

/** Reads `bytes` as exactly one element with this tag, and gives a reader over its content. */
export function onlyInside(bytes: Uint8Array, expected: number, what: string): DerReader {
  return new DerReader(onlyElement(bytes, expected, what).content);
}
