import { describe, expect, test } from '@jest/globals';
import { findPath } from '../../../src/spiffe/path.ts';
import { parseCertificate } from '../../../src/spiffe/certificate.ts';
import { generateKeys } from '../../support/certificates.ts';
import * as w from '../../support/der-writer.ts';
import { prepared } from '../../support/prepared.ts';
import * as raw from '../../support/raw-certificate.ts';
import { reasonOf } from '../../support/reason.ts';

const now = new Date('2026-06-01T00:00:00Z');
const uri = (text: string): Uint8Array => w.context(6, w.ascii(text));
const dns = (text: string): Uint8Array => w.context(2, w.ascii(text));
const email = (text: string): Uint8Array => w.context(1, w.ascii(text));
const ip = (...octets: readonly number[]): Uint8Array => w.context(7, w.bytes(...octets));
const directoryName = w.explicit(4, w.commonName('Leaf'));
const list = (number: number, bases: readonly Uint8Array[]): readonly Uint8Array[] =>
  bases.length === 0 ? [] : [w.explicit(number, ...bases.map((base) => w.sequence(base)))];

interface Constraints {
  readonly permitted?: readonly Uint8Array[];
  readonly excluded?: readonly Uint8Array[];
  readonly isCritical?: boolean;
}

const rootKeys = prepared(() => generateKeys());
const middleKeys = prepared(() => generateKeys());
const leafKeys = prepared(() => generateKeys());

const extensionOf = ({ permitted = [], excluded = [], isCritical = true }: Constraints): Uint8Array =>
  w.extension(raw.oids.nameConstraints, w.sequence(...list(0, permitted), ...list(1, excluded)), isCritical);

/** The verdict on root, intermediate and leaf, where root and intermediate constrain names and have some. */
async function reason(
  names: readonly Uint8Array[],
  atRoot: Constraints | undefined,
  {
    atMiddle,
    middleNames = [],
    atLeaf,
  }: { atMiddle?: Constraints; middleNames?: readonly Uint8Array[]; atLeaf?: Constraints } = {},
): Promise<string> {
  const constrained = (constraints: Constraints | undefined): readonly Uint8Array[] =>
    constraints === undefined ? [] : [extensionOf(constraints)];
  const sanOf = (some: readonly Uint8Array[]): readonly Uint8Array[] =>
    some.length > 0 ? [raw.subjectAltName(...some)] : [];
  const root = await raw.rawCertificate(
    {
      ...(await raw.rootFields(rootKeys())),
      extensions: raw.extensions(raw.authority, raw.keyUsage.keyCertSign, ...constrained(atRoot)),
    },
    rootKeys(),
  );
  const middle = await raw.rawCertificate(
    {
      ...(await raw.rootFields(middleKeys())),
      subject: w.commonName('Middle'),
      extensions: raw.extensions(
        raw.authority,
        raw.keyUsage.keyCertSign,
        ...sanOf(middleNames),
        ...constrained(atMiddle),
      ),
    },
    rootKeys(),
  );
  const leaf = await raw.rawCertificate(
    {
      ...(await raw.leafFields(leafKeys())),
      issuer: w.commonName('Middle'),
      extensions: raw.extensions(raw.keyUsage.digitalSignature, ...sanOf(names), ...constrained(atLeaf)),
    },
    middleKeys(),
  );
  const [parsedLeaf, pool, roots] = [
    parseCertificate(leaf),
    [parseCertificate(middle)],
    [parseCertificate(root)],
  ];
  return reasonOf(() => findPath({ leaf: parsedLeaf, pool, roots, now, crypto: globalThis.crypto }));
}

const id = uri('spiffe://td.example.org/a');
const outside = 'name-constraints';

describe('permitted subtrees', () => {
  test.each<[string, string, Uint8Array, readonly Uint8Array[]]>([
    ['a URI host', 'accepted', id, [uri('td.example.org')]],
    ['a URI host in other case', 'accepted', id, [uri('TD.example.ORG')]],
    ['one of several', 'accepted', id, [uri('other.org'), uri('td.example.org')]],
    ['hosts below a domain', 'accepted', id, [uri('.example.org')]],
    ['any URI', 'accepted', id, [uri('')]],
    ['another form alone', 'accepted', id, [dns('other.org')]],
    ['the parent as host: that host alone', outside, id, [uri('example.org')]],
    ['hosts below the host itself', outside, id, [uri('.td.example.org')]],
    ['a suffix that is no label', outside, id, [uri('.xample.org')]],
    ['another host', outside, id, [uri('td.example.com')]],
    ['a URI without host', outside, uri('urn:uuid:1'), [uri('')]],
    ['a URI with an address as host', outside, uri('spiffe://192.0.2.1/a'), [uri('')]],
    ['a DNS name', 'accepted', dns('a.example.org'), [dns('a.example.org')]],
    ['DNS names below', 'accepted', dns('A.b.Example.org'), [dns('example.org')]],
    ['a wildcard below', 'accepted', dns('*.example.org'), [dns('example.org')]],
    ['a DNS suffix that is no label', outside, dns('badexample.org'), [dns('example.org')]],
    ['a wildcard above', outside, dns('*.example.org'), [dns('a.example.org')]],
    ['a wildcard within a label', outside, dns('a*.example.org'), [dns('example.org')]],
    ['a mailbox', 'accepted', email('me@Example.org'), [email('me@example.org')]],
    ['a mail host', 'accepted', email('me@example.org'), [email('example.org')]],
    ['mail hosts below', 'accepted', email('me@a.example.org'), [email('.example.org')]],
    ['a mailbox in other case', outside, email('Me@example.org'), [email('me@example.org')]],
    ['a mail host below a host', outside, email('me@a.example.org'), [email('example.org')]],
    ['a mail address that is none', outside, email('me@you@example.org'), [email('example.org')]],
    ['a quoted mailbox', outside, email('"me"@example.org'), [email('example.org')]],
    ['a network', 'accepted', ip(10, 1, 2, 3), [ip(10, 0, 0, 0, 255, 0, 0, 0)]],
    ['an address outside of the network', outside, ip(11, 1, 2, 3), [ip(10, 0, 0, 0, 255, 0, 0, 0)]],
    [
      'an IPv6 address under an IPv4 network',
      outside,
      ip(...Array<number>(15).fill(0), 1),
      [ip(0, 0, 0, 0, 0, 0, 0, 0)],
    ],
    [
      'an IPv4-mapped address',
      outside,
      ip(...Array<number>(10).fill(0), 255, 255, 10, 0, 0, 1),
      [ip(...Array<number>(32).fill(0))],
    ],
  ])('of %s: %s', async (_what, code, name, permitted) => {
    expect(await reason([name], { permitted })).toBe(code);
  });
});

describe('excluded subtrees', () => {
  test.each<[string, string, Uint8Array, readonly Uint8Array[]]>([
    ['another URI host', 'accepted', id, [uri('other.org')]],
    ['another form', 'accepted', id, [dns('td.example.org')]],
    ['the URI host', outside, id, [uri('td.example.org')]],
    ['the parent of the URI host', outside, id, [uri('example.org')]],
    ['hosts below its parent', outside, id, [uri('.example.org')]],
    ['any URI', outside, id, [uri('')]],
    ['hosts below the host itself', 'accepted', id, [uri('.td.example.org')]],
    ['the DNS name', outside, dns('a.example.org'), [dns('A.EXAMPLE.ORG')]],
    ['a name that a wildcard covers', outside, dns('*.example.org'), [dns('a.example.org')]],
    ['the mail host above', outside, email('me@a.example.org'), [email('example.org')]],
    ['another mailbox', 'accepted', email('me@example.org'), [email('you@example.org')]],
    ['the network', outside, ip(10, 1, 2, 3), [ip(10, 0, 0, 0, 255, 0, 0, 0)]],
    ['another network', 'accepted', ip(10, 1, 2, 3), [ip(11, 0, 0, 0, 255, 0, 0, 0)]],
  ])('of %s: %s', async (_what, code, name, excluded) => {
    expect(await reason([name], { excluded })).toBe(code);
  });

  test('win over permitted ones', async () => {
    expect(
      await reason([id], { permitted: [uri('td.example.org')], excluded: [uri('td.example.org')] }),
    ).toBe(outside);
  });
});

describe('name constraints', () => {
  test('hold whether they are critical or not', async () => {
    expect(await reason([id], { permitted: [uri('other.org')], isCritical: false })).toBe(outside);
  });

  test('hold for every name, not for the first alone', async () => {
    expect(
      await reason([id, dns('evil.org')], { permitted: [uri('td.example.org'), dns('example.org')] }),
    ).toBe(outside);
  });

  test('of all issuers hold together', async () => {
    const both = { permitted: [uri('td.example.org'), uri('other.org')] };
    expect(await reason([id], both, { atMiddle: { permitted: [uri('td.example.org')] } })).toBe('accepted');
    expect(await reason([id], both, { atMiddle: { permitted: [uri('other.org')] } })).toBe(outside);
    expect(await reason([id], { permitted: [uri('other.org')] }, { atMiddle: both })).toBe(outside);
  });

  test('hold for intermediates too', async () => {
    const middleNames = [uri('spiffe://other.org')];
    expect(await reason([id], { permitted: [uri('td.example.org')] }, { middleNames })).toBe(outside);
  });

  test('of forms that are not enforced refuse everything below', async () => {
    expect(await reason([id], { permitted: [directoryName] })).toBe(outside);
    expect(await reason([id], { excluded: [w.context(8, w.bytes(0x55))], isCritical: false })).toBe(outside);
  });

  test('in a leaf are refused', async () => {
    expect(await reason([id], undefined, { atLeaf: { permitted: [uri('td.example.org')] } })).toBe(outside);
  });

  test('beyond 250,000 comparisons are refused instead of computed', async () => {
    const names = Array.from({ length: 1000 }, (_, i) => dns(`a${i}.org`));
    const excluded = Array.from({ length: 251 }, (_, i) => dns(`b${i}.org`));
    expect(await reason(names, { excluded })).toBe(outside);
    expect(await reason(names, { excluded: excluded.slice(1) })).toBe('accepted');
    expect(await reason(names.slice(1), { excluded: excluded.slice(1) })).toBe('accepted');
  });
});
