import { describe, expect, test } from '@jest/globals';
import { DerReader, onlyElement, tag } from '../../../src/spiffe/der.ts';
import {
  namedBits,
  objectIdentifier,
  readDefaultFalse,
  smallInteger,
  unsignedInteger,
  visibleAscii,
  wholeBitString,
} from '../../../src/spiffe/der-values.ts';
import { reasonOf } from '../../support/reason.ts';

const hex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text.replaceAll(' ', ''), 'hex'));
const malformed = 'certificate-malformed';

describe('DerReader', () => {
  test('reads elements one after the other, and says when none is left', () => {
    const reader = new DerReader(hex('0201 07 0500'));
    expect(reader.element(tag.integer, 'x').content).toEqual(hex('07'));
    expect(reader.optional(tag.integer, 'x')).toBeUndefined();
    expect(reader.any('x').tag).toBe(tag.null);
    expect(reader.isEmpty).toBe(true);
  });

  test.each([
    ['a length of 128 in two octets', `0481 80 ${'00'.repeat(128)}`, 128],
    ['a length of 256 in three octets', `0482 0100 ${'00'.repeat(256)}`, 256],
    ['a length of 65536 in four octets', `0483 010000 ${'00'.repeat(65536)}`, 65536],
    ['an empty element', '0400', 0],
  ])('reads %s', (_what, text, length) => {
    expect(onlyElement(hex(text), tag.octetString, 'x').content).toHaveLength(length);
  });

  test.each([
    ['nothing', ''],
    ['a tag alone', '04'],
    ['content that is cut short', '0402 00'],
    ['a length that is cut short', '0482 01'],
    ['the indefinite length', '0480 0000'],
    ['a length of 127 in two octets', `0481 7f ${'00'.repeat(127)}`],
    ['a length of 255 in three octets', `0482 00ff ${'00'.repeat(255)}`],
    ['a length of four octets', '0484 00000001 00'],
    ['a length of 127 octets', `04ff ${'ff'.repeat(127)}`],
    ['trailing bytes', '0400 00'],
    ['another tag', '0500'],
  ])('refuses %s', async (_what, text) => {
    expect(await reasonOf(() => onlyElement(hex(text), tag.octetString, 'x'))).toBe(malformed);
  });

  test.each([
    ['a tag alone', '04', 'missing or cut short'],
    ['a length that is cut short', '0482 01', 'missing or cut short'],
    ['content that is cut short', '0402 00', 'longer than what holds it'],
    ['the indefinite length', '0480 0000', 'indefinite or oversized length'],
    ['the indefinite length before 128 octets', `0480 ${'00'.repeat(128)}`, 'indefinite or oversized length'],
    ['a length of four octets', '0484 01000000 00', 'indefinite or oversized length'],
    ['a length of 127 in two octets', `0481 7f ${'00'.repeat(127)}`, 'length not in the fewest octets'],
    ['trailing bytes', '0400 00', 'trailing bytes'],
    ['another tag', '0500', 'tag 5, expected 4'],
  ])('says of %s what is wrong', (_what, text, fault) => {
    expect(() => onlyElement(hex(text), tag.octetString, 'x')).toThrow(`x: ${fault}`);
  });
});

describe('DerReader.any', () => {
  test('refuses a tag number above 30', async () => {
    expect(await reasonOf(() => new DerReader(hex('1f0100')).any('x'))).toBe(malformed);
  });
});

describe('unsignedInteger', () => {
  const read = (text: string): Uint8Array => unsignedInteger(new DerReader(hex(text)).any('x'), 'x');

  test.each([
    ['020100', '00'],
    ['02017f', '7f'],
    ['02020080', '80'],
    ['0203008000', '8000'],
    ['02020100', '0100'],
  ])('%s has the magnitude %s', (text, expected) => {
    expect(read(text)).toEqual(hex(expected));
  });

  test.each([
    ['0200', 'empty INTEGER'],
    ['0202007f', 'INTEGER not in the fewest octets'],
    ['02020000', 'INTEGER not in the fewest octets'],
    ['0202ff80', 'INTEGER not in the fewest octets'],
    ['0202ffff', 'INTEGER not in the fewest octets'],
    ['0202ff7f', 'negative INTEGER'],
    ['0202807f', 'negative INTEGER'],
    ['0201ff', 'negative INTEGER'],
    ['020180', 'negative INTEGER'],
  ])('%s is refused: %s', (text, fault) => {
    expect(() => read(text)).toThrow(`x: ${fault}`);
  });
});

describe('visibleAscii', () => {
  test('takes everything from ! to ~', () => {
    const text = String.fromCharCode(...Array.from({ length: 94 }, (_, index) => 0x21 + index));
    expect(visibleAscii(Buffer.from(text), 'x')).toBe(text);
  });

  test.each([0x00, 0x1f, 0x20, 0x7f, 0x80, 0xff])('refuses octet %d', async (octet) => {
    expect(await reasonOf(() => visibleAscii(Uint8Array.of(0x61, octet), 'x'))).toBe(malformed);
  });
});

describe('wholeBitString', () => {
  const read = (text: string): Uint8Array => wholeBitString(new DerReader(hex(text)).any('x'), 'x');

  test('gives the octets, of which there may be none', () => {
    expect(read('03030012ff')).toEqual(hex('12ff'));
    expect(read('030100')).toEqual(hex(''));
  });

  test.each(['0300', '03020180', '030107'])('refuses %s', async (text) => {
    expect(await reasonOf(() => read(text))).toBe(malformed);
  });
});

describe('smallInteger', () => {
  const read = (text: string): number => smallInteger(new DerReader(hex(text)).any('x'), 'x');

  test.each([
    ['020100', 0],
    ['02017f', 127],
    ['02020080', 128],
    ['02047fffffff', 2 ** 31 - 1],
  ])('%s is %d', (text, expected) => {
    expect(read(text)).toBe(expected);
  });

  test.each([
    ['empty', '0200'],
    ['a leading zero that is not needed', '0202007f'],
    ['a leading ff that is not needed', '0202ff80'],
    ['negative', '0201ff'],
    ['2^31', '02050080000000'],
    ['2^64', '0209010000000000000000'],
  ])('refuses %s', async (_what, text) => {
    expect(await reasonOf(() => read(text))).toBe(malformed);
  });
});

describe('readDefaultFalse', () => {
  test.each([
    ['0101ff', true],
    ['0500', false],
  ])('%s is %s', (text, expected) => {
    expect(readDefaultFalse(new DerReader(hex(text)), 'x')).toBe(expected);
  });

  test.each([
    ['FALSE, which DER leaves out', '010100'],
    ['TRUE as 01', '010101'],
    ['two octets', '0102ffff'],
    ['none', '0100'],
  ])('refuses %s', async (_what, text) => {
    expect(await reasonOf(() => readDefaultFalse(new DerReader(hex(text)), 'x'))).toBe(malformed);
  });
});

describe('objectIdentifier', () => {
  const read = (text: string): string => objectIdentifier(new DerReader(hex(text)).any('x'), 'x');

  test.each([
    ['0603550411', '2.5.4.17'],
    ['06082a8648ce3d030107', '1.2.840.10045.3.1.7'],
    ['060127', '0.39'],
    ['060128', '1.0'],
    ['06028837', '2.999'],
    ['060687ffffff7f01', '2.2147483567.1'],
    ['06042a818001', '1.2.16385'],
    [`0640${'2a'.repeat(64)}`, `1.2.${Array<number>(63).fill(42).join('.')}`],
  ])('%s is %s', (text, expected) => {
    expect(read(text)).toBe(expected);
  });

  test.each([
    ['empty', '0600'],
    ['a padded arc', '0603 55 8004'],
    ['an arc that does not end', '060255ff'],
    ['an arc whose last octet ends nothing and says nothing', '06032a8180'],
    ['a padded arc at its begin', '06028001'],
    ['an arc of 2^31', '0606 55 8880808000'],
    ['more than 64 octets', `0641 ${'55'.repeat(65)}`],
  ])('refuses %s', async (_what, text) => {
    expect(await reasonOf(() => read(text))).toBe(malformed);
  });
});

describe('namedBits in words', () => {
  test.each([
    ['0300', 'named bits'],
    ['030100', 'named bits'],
    ['03020800', 'named bits'],
    ['0306000000000001', 'named bits'],
    ['03020880', 'named bits'],
    ['03020000', 'named bits with padding'],
    ['030207c0', 'named bits with padding'],
  ])('%s: %s', (text, fault) => {
    const exactly = new RegExp(`x: ${fault}$`);
    expect(() => namedBits(new DerReader(hex(text)).any('x'), 'x')).toThrow(exactly);
  });
});

describe('namedBits', () => {
  const read = (text: string): readonly number[] => {
    const has = namedBits(new DerReader(hex(text)).any('x'), 'x');
    return Array.from({ length: 16 }, (_, bit) => bit).filter(has);
  };

  test.each([
    ['03020780', [0]],
    ['03020106', [5, 6]],
    ['0303070080', [8]],
    ['0303078080', [0, 8]],
    ['03050080000001', [0]],
  ])('%s has bits %j', (text, expected) => {
    expect(read(text)).toEqual(expected);
  });

  test.each([
    ['no octets', '0300'],
    ['no bits', '030100'],
    ['zero bits at the end', '03020080'],
    ['unused bits that are one', '030207c0'],
    ['eight unused bits', '03020880'],
    ['all zero', '03020000'],
    ['more than four octets', '0306000000000001'],
  ])('refuses %s', async (_what, text) => {
    expect(await reasonOf(() => read(text))).toBe(malformed);
  });
});
