import { describe, expect, test } from '@jest/globals';
import { DerReader } from '../../../src/spiffe/der.ts';
import { readValidity } from '../../../src/spiffe/validity.ts';
import * as w from '../../support/der-writer.ts';

const read = (...members: readonly Uint8Array[]) => readValidity(new DerReader(w.sequence(...members)));
const late = w.generalizedTime('99991231235959Z');

describe('readValidity', () => {
  test.each([
    ['UTCTime', w.utcTime('000101000000Z'), '2000-01-01T00:00:00.000Z'],
    ['UTCTime', w.utcTime('491231235959Z'), '2049-12-31T23:59:59.000Z'],
    ['UTCTime', w.utcTime('500101000000Z'), '1950-01-01T00:00:00.000Z'],
    ['UTCTime', w.utcTime('261231000100Z'), '2026-12-31T00:01:00.000Z'],
    ['GeneralizedTime', w.generalizedTime('20500101000000Z'), '2050-01-01T00:00:00.000Z'],
    ['GeneralizedTime', w.generalizedTime('20960229120000Z'), '2096-02-29T12:00:00.000Z'],
  ])('reads a %s', (_type, time, expected) => {
    expect(read(time, late)).toEqual({
      notBefore: new Date(expected),
      notAfter: new Date('9999-12-31T23:59:59Z'),
    });
  });

  test.each<[string, Uint8Array, string]>([
    ['a digit before', w.utcTime('0260101000000Z'), 'not a time as RFC 5280 writes it'],
    ['something after', w.utcTime('260101000000Z0'), 'not a time as RFC 5280 writes it'],
    ['a line feed after', w.utcTime('260101000000Z\n'), 'not a time as RFC 5280 writes it'],
    ['a letter within', w.utcTime('2601010000x0Z'), 'not a time as RFC 5280 writes it'],
    ['a zone', w.utcTime('260101000000+0000'), 'not a time as RFC 5280 writes it'],
    ['four digits of a year as UTCTime', w.utcTime('20260101000000Z'), 'not a time as RFC 5280 writes it'],
    ['two digits of a year as GeneralizedTime', w.generalizedTime('500101000000Z'), 'not a time as RFC 5280'],
    ['a digit before a GeneralizedTime', w.generalizedTime('020500101000000Z'), 'not a time as RFC 5280'],
    ['something after a GeneralizedTime', w.generalizedTime('20500101000000Zx'), 'not a time as RFC 5280'],
    ['another type', w.der(0x0c, w.ascii('260101000000Z')), 'not a time as RFC 5280 writes it'],
    [
      '2049 as GeneralizedTime',
      w.generalizedTime('20491231235959Z'),
      'a year before 2050 as GeneralizedTime',
    ],
    [
      'another type around a GeneralizedTime',
      w.der(0x0c, w.ascii('20500101000000Z')),
      'not a time as RFC 5280',
    ],
    ['month 0', w.utcTime('260001000000Z'), 'no such time'],
    ['day 0', w.utcTime('260100000000Z'), 'no such time'],
    ['31 April', w.utcTime('260431000000Z'), 'no such time'],
    ['29 February of 2100', w.generalizedTime('21000229000000Z'), 'no such time'],
    ['hour 24', w.utcTime('260101240000Z'), 'no such time'],
    ['minute 60', w.utcTime('260101006000Z'), 'no such time'],
    ['second 60', w.utcTime('260101000060Z'), 'no such time'],
  ])('refuses %s, on either side', (_what, time, fault) => {
    expect(() => read(time, late)).toThrow(`notBefore: ${fault}`);
    expect(() => read(w.utcTime('260101000000Z'), time)).toThrow(`notAfter: ${fault}`);
  });

  test('refuses a third time, a single one, and another type around them', () => {
    const time = w.utcTime('260101000000Z');
    expect(() => read(time, late, late)).toThrow('validity: trailing bytes');
    expect(() => read(time)).toThrow('notAfter: missing or cut short');
    expect(() => readValidity(new DerReader(w.set(time, late)))).toThrow('validity: tag 49, expected 48');
  });
});
