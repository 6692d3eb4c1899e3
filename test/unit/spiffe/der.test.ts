import { describe, expect, test } from '@jest/globals';
import { DerReader, onlyElement, tag } from '../../../src/spiffe/der.ts';
import {
  namedBits,
  objectIdentifier,
  readDefaultFalse,
  smallInteger,
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
});

describe('DerReader.any', () => {
  test('refuses a tag number above 30', async () => {
    expect(await reasonOf(() => new DerReader(hex('1f0100')).any('x'))).toBe(malformed);
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
  ])('%s is %s', (text, expected) => {
    expect(read(text)).toBe(expected);
  });

  test.each([
    ['empty', '0600'],
    ['a padded arc', '0603 55 8004'],
    ['an arc that does not end', '060255ff'],
    ['an arc of 2^31', '0606 55 8880808000'],
    ['more than 64 octets', `0641 ${'55'.repeat(65)}`],
  ])('refuses %s', async (_what, text) => {
    expect(await reasonOf(() => read(text))).toBe(malformed);
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
