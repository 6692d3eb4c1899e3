import { describe, expect, test } from '@jest/globals';
import { parseCertificate } from '../../../../src/spiffe/certificate.ts';
import * as w from '../../../support/der-writer.ts';
import * as raw from '../../../support/raw-certificate.ts';
import { useLeaf, withExtensions } from './leaf.ts';

const { made, parsed } = useLeaf();

const validity = (notBefore: Uint8Array, notAfter = w.utcTime('491231235959Z')): Partial<raw.RawFields> => ({
  validity: w.sequence(notBefore, notAfter),
});
const named = (subject: Uint8Array): Partial<raw.RawFields> => ({ subject });

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
});
