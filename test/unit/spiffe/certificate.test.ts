import { beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parseCertificate } from '../../../src/spiffe/certificate.ts';
import { type CryptoKeyPair, generateKeys } from '../../support/certificates.ts';
import * as w from '../../support/der-writer.ts';
import * as raw from '../../support/raw-certificate.ts';
import { reasonOf } from '../../support/reason.ts';

let keys: CryptoKeyPair;
let leaf: raw.RawFields;
beforeAll(async () => {
  keys = await generateKeys();
  leaf = await raw.leafFields(keys);
});

const made = (change: Partial<raw.RawFields>): Promise<Uint8Array> =>
  raw.rawCertificate({ ...leaf, ...change }, keys);
const parsed = async (change: Partial<raw.RawFields>): Promise<ReturnType<typeof parseCertificate>> =>
  parseCertificate(await made(change));
const reason = (change: Partial<raw.RawFields>): Promise<string> => reasonOf(() => parsed(change));

/** Usage and name of a leaf, and these extensions besides. */
const withExtensions = (...more: readonly Uint8Array[]): Partial<raw.RawFields> => ({
  extensions: raw.extensions(
    raw.keyUsage.digitalSignature,
    raw.subjectAltName(raw.uriName('spiffe://example.org/a')),
    ...more,
  ),
});
const withNames = (...names: readonly Uint8Array[]): Partial<raw.RawFields> => ({
  extensions: raw.extensions(raw.subjectAltName(...names)),
});
const validity = (notBefore: Uint8Array, notAfter = w.utcTime('491231235959Z')): Partial<raw.RawFields> => ({
  validity: w.sequence(notBefore, notAfter),
});
const named = (subject: Uint8Array): Partial<raw.RawFields> => ({ subject });
const subtrees = (...bases: readonly Uint8Array[]): Uint8Array =>
  w.explicit(0, ...bases.map((base) => w.sequence(base)));
const constraints = (value: Uint8Array): Partial<raw.RawFields> =>
  withExtensions(w.extension(raw.oids.nameConstraints, value, true));

describe('parseCertificate', () => {
  test('reads the fields that decide something', async () => {
    const certificate = await parsed({});
    expect(certificate).toMatchObject({
      notBefore: new Date('2026-01-01T00:00:00Z'),
      notAfter: new Date('2026-12-31T23:59:59Z'),
      publicKey: { kind: 'EC', curve: 'P-256' },
      scheme: { name: 'ECDSA', hash: 'SHA-256' },
    });
    expect(certificate.extensions).toMatchObject({
      isCa: false,
      keyUsage: { isCritical: true, digitalSignature: true, keyCertSign: false, crlSign: false },
      names: [{ form: 'uri', text: 'spiffe://example.org/a' }],
      unhandled: [],
    });
  });

  test('keeps its own copy of the bytes', async () => {
    const der = await made({});
    const certificate = parseCertificate(der);
    const before = Buffer.from(certificate.signed).toString('hex');
    der.fill(0);
    expect(Buffer.from(certificate.signed).toString('hex')).toBe(before);
  });

  test.each([
    ['500101000000Z', '1950-01-01T00:00:00.000Z'],
    ['991231235959Z', '1999-12-31T23:59:59.000Z'],
    ['000229000000Z', '2000-02-29T00:00:00.000Z'],
    ['491231235959Z', '2049-12-31T23:59:59.000Z'],
  ])('reads UTCTime %s as %s', async (text, expected) => {
    expect((await parsed(validity(w.utcTime(text)))).notBefore.toISOString()).toBe(expected);
  });

  test('reads the GeneralizedTime that stands for no expiry', async () => {
    const { notAfter } = await parsed(
      validity(w.utcTime('260101000000Z'), w.generalizedTime('99991231235959Z')),
    );
    expect(notAfter.toISOString()).toBe('9999-12-31T23:59:59.000Z');
  });

  test('reads every string type that names use', async () => {
    const values = [
      w.der(0x0c, new Uint8Array(Buffer.from('Ä', 'utf8'))),
      w.der(0x12, w.ascii('12 3')),
      w.der(0x13, w.ascii("A-Z '(a)+,./:=?")),
      w.der(0x14, w.bytes(0xe4)),
      w.der(0x16, w.ascii('a@b')),
      w.der(0x1e, w.bytes(0x00, 0x41)),
      w.der(0x1e, w.bytes(0xd7, 0xff, 0xe0, 0x00, 0xfd, 0xcf, 0xfd, 0xf0, 0xff, 0xfd)),
      w.der(0x0c, w.bytes()),
      w.der(0x12),
      w.der(0x13),
      w.der(0x14),
      w.der(0x16, w.bytes(0x7f)),
      w.der(0x1e),
    ];
    const subject = w.sequence(...values.map((value) => w.set(w.sequence(w.oid('2.5.4.3'), value))));
    expect((await parsed(named(subject))).subject.isEmpty).toBe(false);
  });

  test('lists critical extensions that nobody here understands, and no others', async () => {
    const { extensions } = await parsed(
      withExtensions(
        w.extension(raw.oids.unknown, w.bytes(1), true),
        w.extension('1.3.6.1.4.1.55738.666.2', w.bytes(2)),
        w.extension('2.5.29.37', w.sequence(w.oid('1.3.6.1.5.5.7.3.1')), true),
        w.extension('2.5.29.36', w.sequence(w.context(0, w.bytes(0)))),
      ),
    );
    expect(extensions.unhandled).toEqual([raw.oids.unknown, '2.5.29.36']);
  });

  test('counts a critical subjectAltName with a URI as understood', async () => {
    const names = w.extension(
      raw.oids.subjectAltName,
      w.sequence(raw.uriName('spiffe://example.org/a')),
      true,
    );
    const { extensions } = await parsed({ extensions: raw.extensions(names) });
    expect(extensions).toMatchObject({ unhandled: [], hasCriticalNames: true });
  });

  test('counts a critical subjectAltName of other forms alone as not understood', async () => {
    const names = w.extension(raw.oids.subjectAltName, w.sequence(w.context(8, w.bytes(0x55))), true);
    const { extensions } = await parsed({ extensions: raw.extensions(names) });
    expect(extensions.unhandled).toEqual([raw.oids.subjectAltName]);
  });

  test.each<[string, () => Partial<raw.RawFields>]>([
    ['version 1', () => ({ version: w.bytes() })],
    ['version 2', () => ({ version: w.explicit(0, w.integer(1)) })],
    ['version 4', () => ({ version: w.explicit(0, w.integer(3)) })],
    ['two versions in one', () => ({ version: w.explicit(0, w.integer(2), w.integer(2)) })],
    ['a negative serial number', () => ({ serialNumber: w.integer(0x80) })],
    ['a serial number of 21 octets', () => ({ serialNumber: w.integer(...Array<number>(21).fill(1)) })],
    ['an empty issuer', () => ({ issuer: w.sequence() })],
    ['unique identifiers', () => ({ uniqueIds: w.context(1, w.bytes(0, 1)) })],
    ['something after the extensions', () => ({ extensions: Buffer.concat([leaf.extensions, w.nullValue]) })],
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

  test.each<[string, Uint8Array]>([
    ['keyUsage with padding', w.extension(raw.oids.keyUsage, w.bitString(w.bytes(0x80, 0x00)), true)],
    [
      'basicConstraints with cA FALSE written out',
      w.extension(raw.oids.basicConstraints, w.sequence(w.bytes(1, 1, 0))),
    ],
    [
      'basicConstraints with a path length and no cA',
      w.extension(raw.oids.basicConstraints, w.sequence(w.integer(0))),
    ],
    [
      'basicConstraints with a negative path length',
      w.extension(raw.oids.basicConstraints, w.sequence(w.derTrue, w.integer(0xff))),
    ],
    [
      'basicConstraints with a tail',
      w.extension(raw.oids.basicConstraints, w.sequence(w.derTrue, w.nullValue)),
    ],
    [
      'a critical key identifier',
      w.extension(raw.oids.subjectKeyIdentifier, w.octetString(w.bytes(1)), true),
    ],
    ['a key identifier of another type', w.extension(raw.oids.subjectKeyIdentifier, w.sequence())],
    ['a critical identifier of the issuer', w.extension(raw.oids.authorityKeyIdentifier, w.sequence(), true)],
    [
      'an identifier of the issuer with a tail',
      w.extension(raw.oids.authorityKeyIdentifier, w.sequence(w.nullValue)),
    ],
    [
      'an identifier of the issuer with no name in its names',
      w.extension(raw.oids.authorityKeyIdentifier, w.sequence(w.explicit(1))),
    ],
    ['an empty extendedKeyUsage', w.extension('2.5.29.37', w.sequence())],
    [
      'a policy twice',
      w.extension('2.5.29.32', w.sequence(w.sequence(w.oid('1.2.3')), w.sequence(w.oid('1.2.3')))),
    ],
    [
      'anyPolicy mapped',
      w.extension('2.5.29.33', w.sequence(w.sequence(w.oid('2.5.29.32.0'), w.oid('1.2.3')))),
    ],
    ['policy constraints of text', w.extension('2.5.29.36', w.der(0x0c, w.ascii('1')))],
    ['inhibitAnyPolicy below zero', w.extension('2.5.29.54', w.integer(0xff))],
    [
      'distribution points by relative name',
      w.extension('2.5.29.31', w.sequence(w.sequence(w.explicit(0, w.explicit(1))))),
    ],
    ['critical access information', w.extension('1.3.6.1.5.5.7.1.1', w.sequence(), true)],
    [
      'access information without location',
      w.extension('1.3.6.1.5.5.7.1.1', w.sequence(w.sequence(w.oid('1.2.3')))),
    ],
  ])('refuses %s', async (_what, extension) => {
    const change = { subject: w.commonName('x'), extensions: raw.extensions(extension) };
    expect(await reason(change)).toBe('certificate-malformed');
  });

  test.each<[string, Uint8Array]>([
    ['nothing', w.sequence()],
    ['NULLs', w.sequence(w.context(0, w.bytes()), w.context(1, w.bytes()))],
    ['an empty list', w.sequence(w.explicit(0))],
    [
      'a minimum',
      w.sequence(w.explicit(0, w.sequence(w.context(2, w.ascii('a')), w.context(0, w.bytes(0))))),
    ],
    ['a wildcard', w.sequence(subtrees(w.context(2, w.ascii('*.example.org'))))],
    ['a DNS name with a leading dot', w.sequence(subtrees(w.context(2, w.ascii('.example.org'))))],
    ['a trailing dot', w.sequence(subtrees(w.context(6, w.ascii('example.org.'))))],
    ['a whole URI', w.sequence(subtrees(w.context(6, w.ascii('https://example.org'))))],
    ['an address as URI host', w.sequence(subtrees(w.context(6, w.ascii('192.0.2.1'))))],
    ['two @', w.sequence(subtrees(w.context(1, w.ascii('a@b@c'))))],
    ['an address without mask', w.sequence(subtrees(w.context(7, w.bytes(10, 0, 0, 0))))],
    ['a mask with holes', w.sequence(subtrees(w.context(7, w.bytes(10, 0, 0, 0, 255, 0, 255, 0))))],
  ])('refuses name constraints of %s', async (_what, value) => {
    expect(await reason(constraints(value))).toBe('certificate-malformed');
  });

  // The tables above differ from these by the one fault that they name.
  test.each<[string, Uint8Array]>([
    ['keyUsage', w.extension(raw.oids.keyUsage, w.bitString(w.bytes(0x80), 7), true)],
    ['basicConstraints of no CA', w.extension(raw.oids.basicConstraints, w.sequence())],
    [
      'basicConstraints with a path length',
      w.extension(raw.oids.basicConstraints, w.sequence(w.derTrue, w.integer(0))),
    ],
    ['a key identifier', w.extension(raw.oids.subjectKeyIdentifier, w.octetString(w.bytes(1)))],
    [
      'an identifier of the issuer',
      w.extension(raw.oids.authorityKeyIdentifier, w.sequence(w.context(0, w.bytes(1)))),
    ],
    [
      'name and serial number of the issuer',
      w.extension(
        raw.oids.authorityKeyIdentifier,
        w.sequence(w.explicit(1, w.explicit(4, w.commonName('Root'))), w.context(2, w.bytes(1))),
      ),
    ],
    ['extendedKeyUsage', w.extension('2.5.29.37', w.sequence(w.oid('1.3.6.1.5.5.7.3.1')))],
    [
      'policies',
      w.extension('2.5.29.32', w.sequence(w.sequence(w.oid('1.2.3')), w.sequence(w.oid('1.2.4')))),
    ],
    ['policy mappings', w.extension('2.5.29.33', w.sequence(w.sequence(w.oid('1.2.4'), w.oid('1.2.3'))))],
    ['distribution points', w.extension('2.5.29.31', w.sequence(w.sequence(w.explicit(0, w.explicit(0)))))],
    [
      'access information',
      w.extension(
        '1.3.6.1.5.5.7.1.1',
        w.sequence(w.sequence(w.oid('1.2.3'), w.context(6, w.ascii('http://a/')))),
      ),
    ],
    [
      'name constraints',
      w.extension(raw.oids.nameConstraints, w.sequence(subtrees(w.context(6, w.ascii('.example.org'))))),
    ],
    ['any bytes of its own', w.extension(raw.oids.unknown, w.bytes(0xff))],
  ])('accepts an extension with %s', async (_what, extension) => {
    expect(await reason({ extensions: raw.extensions(extension) })).toBe('accepted');
  });

  test('accepts a serial number of 20 octets', async () => {
    expect(await reason({ serialNumber: w.integer(...Array<number>(20).fill(1)) })).toBe('accepted');
  });

  test('refuses an outer signature algorithm other than the inner one', async () => {
    const other = w.sequence(w.oid('1.2.840.10045.4.3.3'));
    const der = await raw.signRaw(raw.tbsCertificate(leaf), keys, other);
    expect(await reasonOf(() => parseCertificate(der))).toBe('certificate-malformed');
  });

  test('refuses bytes after the certificate', async () => {
    const der = Buffer.concat([await made({}), w.bytes(0)]);
    expect(await reasonOf(() => parseCertificate(der))).toBe('certificate-malformed');
  });

  test('answers every truncation with a refusal', async () => {
    const der = await made({});
    for (let length = 0; length < der.length; length += 1) {
      expect(await reasonOf(() => parseCertificate(der.subarray(0, length)))).toBe('certificate-malformed');
    }
  });

  test('answers any bytes with a refusal of its own', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), async (junk) => {
        expect(await reasonOf(() => parseCertificate(junk))).toBe('certificate-malformed');
      }),
    );
  });

  test('answers any edit of a certificate with a verdict, never with another error', async () => {
    const der = await made({});
    await fc.assert(
      fc.asyncProperty(fc.nat(der.length - 1), fc.nat(255), async (at, value) => {
        const edited = der.slice();
        edited[at] = value;
        await reasonOf(() => parseCertificate(edited));
      }),
      { numRuns: 2000 },
    );
  });

  test('reads 32 KiB, and not one octet more', async () => {
    const octets = 32 * 1024;
    const padded = (length: number) => made(withExtensions(w.extension('1.2.3', new Uint8Array(length))));
    // A signature is of 70 to 72 octets, so the first certificate that fits is taken.
    const room = octets - (await padded(0x8000 - 1024)).length + (0x8000 - 1024);
    const withLength = async (length: number, padding: number): Promise<Uint8Array> => {
      const der = await padded(padding);
      return der.length === length ? der : withLength(length, padding);
    };
    expect(await reasonOf(async () => parseCertificate(await withLength(octets, room)))).toBe('accepted');
    const longer = await withLength(octets + 1, room + 1);
    expect(await reasonOf(() => parseCertificate(longer))).toBe('certificate-malformed');
  });

  test('is not overwhelmed by deep nesting', async () => {
    let nested = w.sequence();
    for (let depth = 0; depth < 5000; depth += 1) nested = w.sequence(nested);
    const change = {
      subject: w.commonName('x'),
      extensions: raw.extensions(w.extension('2.5.29.37', nested)),
    };
    expect(await reason(change)).toBe('certificate-malformed');
  });
});
