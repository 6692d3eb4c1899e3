import { describe, expect, test } from '@jest/globals';
import * as w from '../../../support/der-writer.ts';
import * as raw from '../../../support/raw-certificate.ts';
import { useLeaf } from './leaf.ts';

const { reason } = useLeaf();

const named = (subject: Uint8Array): Partial<raw.RawFields> => ({ subject });

const withNames = (...names: readonly Uint8Array[]): Partial<raw.RawFields> => ({
  extensions: raw.extensions(raw.subjectAltName(...names)),
});

describe('parseCertificate', () => {
  test.each<[string, () => Uint8Array]>([
    ['an empty relative name', () => w.sequence(w.set())],
    ['an attribute without value', () => w.sequence(w.set(w.sequence(w.oid('2.5.4.3'))))],
    [
      'an attribute with two values',
      () => w.sequence(w.set(w.sequence(w.oid('2.5.4.3'), w.der(0x0c), w.der(0x0c)))),
    ],
    ['a value that is no string', () => w.commonName('x', 0x04)],
    ['ill-formed UTF-8', () => w.commonName('\xff')],
    ['a PrintableString with @', () => w.commonName('a@b', 0x13)],
    ['a NumericString with letters', () => w.commonName('a', 0x12)],
    ['an IA5String beyond ASCII', () => w.commonName('\xe4', 0x16)],
    ['an IA5String beyond ASCII after good characters', () => w.commonName('a\x80', 0x16)],
    ['a BMPString of odd length', () => w.commonName('a', 0x1e)],
    ['a BMPString with a surrogate', () => w.commonName('\xd8\x00', 0x1e)],
    ['a BMPString with the last surrogate', () => w.commonName('\xdf\xff', 0x1e)],
    ['a BMPString with a noncharacter', () => w.commonName('\xfd\xd0', 0x1e)],
    ['a BMPString with the last of 32 noncharacters', () => w.commonName('\xfd\xef', 0x1e)],
    ['a BMPString with FFFE', () => w.commonName('\xff\xfe', 0x1e)],
    ['a BMPString with FFFF after good ones', () => w.commonName('\x00A\xff\xff', 0x1e)],
    ['a PrintableString with * at its end and a line feed', () => w.commonName('a*\n', 0x13)],
    ['a NumericString with a line feed', () => w.commonName('1\n', 0x12)],
    ['nothing, and no critical name besides', () => w.sequence()],
  ])('refuses a subject with %s', async (_what, subject) => {
    expect(await reason(named(subject()))).toBe('certificate-malformed');
  });

  test('refuses a CA without subject', async () => {
    const names = w.extension(raw.oids.subjectAltName, w.sequence(raw.uriName('spiffe://example.org')), true);
    const change = { subject: w.sequence(), extensions: raw.extensions(raw.authority, names) };
    expect(await reason(change)).toBe('certificate-malformed');
  });

  test('accepts an empty subject beside a critical subjectAltName', async () => {
    const names = w.extension(
      raw.oids.subjectAltName,
      w.sequence(raw.uriName('spiffe://example.org/a')),
      true,
    );
    expect(await reason({ subject: w.sequence(), extensions: raw.extensions(names) })).toBe('accepted');
  });

  test.each<[string, readonly Uint8Array[]]>([
    ['no name', []],
    ['a tag that no form has', [w.context(9, w.bytes())]],
    ['a constructed URI', [w.explicit(6, w.ascii('spiffe://example.org/a'))]],
    ['a NUL in a URI', [raw.uriName('spiffe://example.org/a\0')]],
    ['a letter beyond ASCII in a URI', [raw.uriName('spiffe://example.org/\xe4')]],
    ['a space in a URI', [raw.uriName('spiffe://example.org/a b')]],
    ['a URI without scheme', [raw.uriName('//example.org/a')]],
    ['broken percent-encoding in a URI', [raw.uriName('https://example.org/%zz')]],
    ['percent-encoding in the host of a URI', [raw.uriName('spiffe://ex%61mple.org/a')]],
    ['an empty label in the host of a URI', [raw.uriName('spiffe://a..b/c')]],
    ['a host that ends in a dot', [raw.uriName('spiffe://example.org./a')]],
    ['an IPv6 host', [raw.uriName('spiffe://[::1]/a')]],
    ['a port that is no number', [raw.uriName('spiffe://example.org:x/a')]],
    ['an empty DNS name', [w.context(2, w.bytes())]],
    ['a NUL in a DNS name', [w.context(2, w.ascii('good.example\0.evil'))]],
    ['a comma and a space in a DNS name', [w.context(2, w.ascii('a, URI:spiffe://x'))]],
    ['an empty label in a DNS name', [w.context(2, w.ascii('.example.org'))]],
    ['an address of 5 octets', [w.context(7, w.bytes(1, 2, 3, 4, 5))]],
  ])('refuses a subjectAltName with %s', async (_what, names) => {
    expect(await reason(withNames(...names))).toBe('certificate-malformed');
  });
});
