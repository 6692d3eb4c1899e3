import { describe, expect, test } from '@jest/globals';
import * as w from '../../../support/der-writer.ts';
import * as raw from '../../../support/raw-certificate.ts';
import { useLeaf, withExtensions } from './leaf.ts';

const { reason } = useLeaf();

const subtrees = (...bases: readonly Uint8Array[]): Uint8Array =>
  w.explicit(0, ...bases.map((base) => w.sequence(base)));
const constraints = (value: Uint8Array): Partial<raw.RawFields> =>
  withExtensions(w.extension(raw.oids.nameConstraints, value, true));

describe('parseCertificate', () => {
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
});
