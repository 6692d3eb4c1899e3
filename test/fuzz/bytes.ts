import type { Random } from '../support/random.ts';

/** Octets and characters that parsers treat specially. */
const interesting = [
  '\u0000',
  '"',
  '\\',
  '{',
  '}',
  '[',
  ']',
  ',',
  ':',
  '.',
  '=',
  '-',
  '_',
  '+',
  '/',
  '0',
  '9',
  'é',
  '\ud800',
];

/** One change of a text: a character, a slice lost, doubled, moved, or something special put in. */
export function mutateText(text: string, random: Random): string {
  const at = random.int(text.length + 1);
  const end = Math.min(text.length, at + 1 + random.int(random.chance(0.8) ? 4 : 400));
  const slice = text.slice(at, end);
  switch (random.int(6)) {
    case 0:
      return text.slice(0, at) + String.fromCharCode(random.int(128)) + text.slice(at + 1);
    case 1:
      return text.slice(0, at) + text.slice(end);
    case 2:
      return text.slice(0, end) + slice + text.slice(end);
    case 3:
      return text.slice(0, at) + random.pick(interesting) + text.slice(at);
    case 4: {
      const rest = text.slice(0, at) + text.slice(end);
      const target = random.int(rest.length + 1);
      return rest.slice(0, target) + slice + rest.slice(target);
    }
    default:
      return random.chance(0.5)
        ? text.slice(0, at)
        : text.slice(0, at) + random.pick(interesting) + text.slice(at + 1);
  }
}

/** One change of octets: a bit, an octet, a slice lost or doubled. */
export function mutateBytes(bytes: Uint8Array, random: Random): Buffer {
  const copy = Buffer.from(bytes);
  if (copy.length === 0) return Buffer.from([random.int(256)]);
  const at = random.int(copy.length);
  const end = Math.min(copy.length, at + 1 + random.int(16));
  switch (random.int(5)) {
    case 0:
      copy[at]! ^= 1 << random.int(8);
      return copy;
    case 1:
      copy[at] = random.pick([0, 1, 0x30, 0x7f, 0x80, 0x81, 0x84, 0xff, random.int(256)]);
      return copy;
    case 2:
      return Buffer.concat([copy.subarray(0, at), copy.subarray(end)]);
    case 3:
      return Buffer.concat([copy.subarray(0, end), copy.subarray(at)]);
    default:
      return Buffer.from(copy.subarray(0, at));
  }
}
