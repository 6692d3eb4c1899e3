import { describe, expect, test } from '@jest/globals';
import { parseCertificate } from '../../../../src/spiffe/certificate.ts';
import * as w from '../../../support/der-writer.ts';
import * as raw from '../../../support/raw-certificate.ts';
import { reasonOf } from '../../../support/reason.ts';
import { useLeaf, withExtensions } from './leaf.ts';

const { keys, leaf, reason } = useLeaf();

const validity = (notBefore: Uint8Array, notAfter = w.utcTime('491231235959Z')): Partial<raw.RawFields> => ({
  validity: w.sequence(notBefore, notAfter),
});

describe('parseCertificate', () => {
  test.each<[string, () => Partial<raw.RawFields>]>([
    ['version 1', () => ({ version: w.bytes() })],
    ['version 2', () => ({ version: w.explicit(0, w.integer(1)) })],
    ['version 4', () => ({ version: w.explicit(0, w.integer(3)) })],
    ['two versions in one', () => ({ version: w.explicit(0, w.integer(2), w.integer(2)) })],
    ['a negative serial number', () => ({ serialNumber: w.integer(0x80) })],
    ['a serial number of 21 octets', () => ({ serialNumber: w.integer(...Array<number>(21).fill(1)) })],
    ['an empty issuer', () => ({ issuer: w.sequence() })],
    ['unique identifiers', () => ({ uniqueIds: w.context(1, w.bytes(0, 1)) })],
    [
      'something after the extensions',
      () => ({ extensions: Buffer.concat([leaf().extensions, w.nullValue]) }),
    ],
    ['something before the extensions', () => ({ uniqueIds: w.nullValue })],
    ['an empty list of extensions', () => ({ extensions: raw.extensions() })],
    [
      'two lists of extensions',
      () => ({ extensions: w.explicit(3, w.sequence(raw.authority), w.sequence(raw.authority)) }),
    ],
    ['the same extension twice', () => withExtensions(raw.keyUsage.digitalSignature)],
    ['two subjectAltNames', () => withExtensions(raw.subjectAltName(raw.uriName('spiffe://example.org/b')))],
    [
      '65 extensions',
      () => withExtensions(...Array.from({ length: 63 }, (_, i) => w.extension(`1.2.${i}`, w.bytes()))),
    ],
    [
      'an extension marked FALSE',
      () => withExtensions(w.sequence(w.oid('1.2.3'), w.bytes(1, 1, 0), w.octetString(w.bytes()))),
    ],
    [
      'an extension with a tail',
      () => withExtensions(w.sequence(w.oid('1.2.3'), w.octetString(w.bytes()), w.nullValue)),
    ],
    ['a certificate beyond 32 KiB', () => withExtensions(w.extension('1.2.3', new Uint8Array(32 * 1024)))],
  ])('refuses %s', async (_what, change) => {
    expect(await reason(change())).toBe('certificate-malformed');
  });

  test.each<[string, Uint8Array]>([
    ['a zone other than Z', w.utcTime('260101000000+0000')],
    ['no seconds', w.utcTime('2601010000Z')],
    ['no zone', w.utcTime('260101000000')],
    ['month 13', w.utcTime('261301000000Z')],
    ['30 February', w.utcTime('260230000000Z')],
    ['29 February of no leap year', w.utcTime('260229000000Z')],
    ['hour 24', w.utcTime('260101240000Z')],
    ['second 60', w.utcTime('260101000060Z')],
    ['letters', w.utcTime('26010100000aZ')],
    ['GeneralizedTime before 2050', w.generalizedTime('20260101000000Z')],
    ['fractional seconds', w.generalizedTime('20500101000000.5Z')],
    ['month 0 as GeneralizedTime', w.generalizedTime('20500001000000Z')],
    ['a text instead of a time', w.der(0x0c, w.ascii('260101000000Z'))],
  ])('refuses a date with %s', async (_what, time) => {
    expect(await reason(validity(time))).toBe('certificate-malformed');
  });

  test('accepts a serial number of 20 octets', async () => {
    expect(await reason({ serialNumber: w.integer(...Array<number>(20).fill(1)) })).toBe('accepted');
  });

  test('refuses an outer signature algorithm other than the inner one', async () => {
    const other = w.sequence(w.oid('1.2.840.10045.4.3.3'));
    const der = await raw.signRaw(raw.tbsCertificate(leaf()), keys(), other);
    expect(await reasonOf(() => parseCertificate(der))).toBe('certificate-malformed');
  });
});
