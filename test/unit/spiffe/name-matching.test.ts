import { describe, expect, test } from '@jest/globals';
import type { GeneralName } from '../../../src/spiffe/general-name.ts';
import { parseNameConstraints } from '../../../src/spiffe/name-constraints.ts';
import { isWithin } from '../../../src/spiffe/name-matching.ts';
import * as w from '../../support/der-writer.ts';
import { reasonOf } from '../../support/reason.ts';

const tags = { email: 1, dns: 2, uri: 6 } as const;
const base = (form: keyof typeof tags, text: string) => w.context(tags[form], w.ascii(text));
const list = (number: 0 | 1, ...bases: readonly Uint8Array[]) =>
  w.explicit(number, ...bases.map((each) => w.sequence(each)));
const parse = (...lists: readonly Uint8Array[]) => parseNameConstraints(w.sequence(...lists));

describe('parseNameConstraints', () => {
  test('gives both lists, in the form that names are compared in', () => {
    const constraints = parse(
      list(
        0,
        base('email', 'Me@Example.ORG'),
        base('dns', 'Example.ORG'),
        base('uri', '.Example.ORG'),
        base('uri', ''),
      ),
      list(
        1,
        w.context(7, w.bytes(10, 0, 0, 0, 255, 254, 0, 0)),
        base('email', '.Example.org'),
        base('email', 'A.b'),
      ),
    );
    expect(constraints).toEqual({
      permitted: [
        { form: 'email', text: 'Me@example.org' },
        { form: 'dns', text: 'example.org' },
        { form: 'uri', text: '.example.org' },
        { form: 'uri', text: '' },
      ],
      excluded: [
        { form: 'ip', address: w.bytes(10, 0, 0, 0), mask: w.bytes(255, 254, 0, 0) },
        { form: 'email', text: '.example.org' },
        { form: 'email', text: 'a.b' },
      ],
      hasOtherForms: false,
    });
  });

  test.each([
    [
      'permitted',
      list(0, w.explicit(4), base('dns', 'a')),
      { permitted: [{ form: 'dns', text: 'a' }], excluded: [] },
    ],
    [
      'excluded',
      list(1, base('dns', 'a'), w.explicit(4)),
      { permitted: [], excluded: [{ form: 'dns', text: 'a' }] },
    ],
  ])('says of a form that is not enforced that it is %s', (_which, lists, expected) => {
    expect(parse(lists)).toStrictEqual({ ...expected, hasOtherForms: true });
  });

  test('reads masks of every length', () => {
    for (const mask of [
      [0, 0, 0, 0],
      [128, 0, 0, 0],
      [255, 255, 255, 255],
      [255, 255, 128, 0],
    ]) {
      expect(parse(list(0, w.context(7, w.bytes(0, 0, 0, 0, ...mask)))).permitted).toHaveLength(1);
    }
    const ipv6 = w.context(7, Buffer.concat([new Uint8Array(16), new Uint8Array(16).fill(0xff, 0, 6)]));
    expect(parse(list(0, ipv6)).permitted).toHaveLength(1);
  });

  test.each<[string, readonly Uint8Array[], string]>([
    ['nothing', [], 'no subtree'],
    ['an empty list', [w.explicit(0)], 'empty list of subtrees'],
    ['an empty list of excluded ones', [list(0, base('dns', 'a')), w.explicit(1)], 'empty list of subtrees'],
    [
      'the lists in the wrong order',
      [list(1, base('dns', 'a')), list(0, base('dns', 'a'))],
      'trailing bytes',
    ],
    ['a third list', [list(0, base('dns', 'a')), w.explicit(2)], 'trailing bytes'],
    ['a minimum', [w.explicit(0, w.sequence(base('dns', 'a'), w.context(0, w.bytes(0))))], 'trailing bytes'],
    ['a space', [list(0, base('dns', 'a b'))], 'not visible ASCII'],
    ['two @', [list(0, base('email', 'a@b@c'))], 'not a mailbox'],
    ['@ in a DNS name', [list(0, base('dns', 'a@b'))], 'not a domain'],
    ['a dot before a DNS name', [list(0, base('dns', '.a'))], 'not a domain'],
    ['a dot alone', [list(0, base('uri', '.'))], 'not a domain'],
    ['two dots before a host', [list(0, base('uri', '..a'))], 'not a domain'],
    ['a dot after a host', [list(0, base('uri', 'a.'))], 'not a domain'],
    ['a wildcard', [list(0, base('dns', '*.a'))], 'not a domain'],
    ['a port', [list(0, base('uri', 'a:80'))], 'not a domain'],
    ['an address', [list(0, base('dns', '192.0.2.1'))], 'not a domain'],
    ['an address as mail host', [list(0, base('email', '.0x7f'))], 'not a domain'],
    ['an address without mask', [list(0, w.context(7, w.bytes(10, 0, 0, 0)))], 'not an address with a mask'],
    ['an address of 16 octets', [list(0, w.context(7, new Uint8Array(16)))], 'not an address with a mask'],
    ['an address of 33 octets', [list(0, w.context(7, new Uint8Array(33)))], 'not an address with a mask'],
    ['a hole between octets', [list(0, w.context(7, w.bytes(10, 0, 0, 0, 255, 0, 1, 0)))], 'mask with holes'],
    [
      'a hole within an octet',
      [list(0, w.context(7, w.bytes(10, 0, 0, 0, 0xfd, 0, 0, 0)))],
      'mask with holes',
    ],
    [
      'a mask that begins late',
      [list(0, w.context(7, w.bytes(10, 0, 0, 0, 0x7f, 0, 0, 0)))],
      'mask with holes',
    ],
  ])('refuses %s', async (_what, lists, fault) => {
    expect(await reasonOf(() => parse(...lists))).toBe('certificate-malformed');
    expect(() => parse(...lists)).toThrow(`name constraints: ${fault}`);
  });
});

describe('isWithin', () => {
  const dns = (text: string): GeneralName => ({ form: 'dns', text });
  const email = (text: string): GeneralName => ({ form: 'email', text });
  const uri = (text: string): GeneralName => ({ form: 'uri', text });
  const ip = (...octets: readonly number[]): GeneralName => ({ form: 'ip', octets: w.bytes(...octets) });
  const permitted = (name: GeneralName, ...bases: readonly Uint8Array[]) =>
    isWithin([name], parse(list(0, ...bases)));
  const notExcluded = (name: GeneralName, ...bases: readonly Uint8Array[]) =>
    isWithin([name], parse(list(1, ...bases)));

  test('no name at all is within, unless a form is constrained that is not enforced', () => {
    expect(isWithin([], parse(list(0, base('dns', 'a'))))).toBe(true);
    expect(isWithin([], parse(list(0, w.explicit(4))))).toBe(false);
  });

  test.each<[GeneralName, string, boolean]>([
    [dns('a.b'), 'a.b', true],
    [dns('A.B'), 'a.b', true],
    [dns('x.a.b'), 'a.b', true],
    [dns('xa.b'), 'a.b', false],
    [dns('b'), 'a.b', false],
    [dns('*.a.b'), 'a.b', true],
    [dns('x*.a.b'), 'a.b', false],
    [dns('*.*.a.b'), 'a.b', false],
    [dns('a.b'), '', true],
    [dns('x*.a.b'), '', false],
    [email('me@a.b'), 'a.b', true],
    [email('me@A.B'), 'a.b', true],
    [email('me@x.a.b'), 'a.b', false],
    [email('me@x.a.b'), '.a.b', true],
    [email('me@a.b'), '.a.b', false],
    [email('me@a.b'), 'me@a.b', true],
    [email('ME@a.b'), 'me@a.b', false],
    [email('you@a.b'), 'me@a.b', false],
    [email('me@a.b'), '', true],
    [email('"me"@a.b'), '', false],
    [uri('x://a.b/c'), 'a.b', true],
    [uri('x://A.B/c'), 'a.b', true],
    [uri('x://y.a.b/c'), 'a.b', false],
    [uri('x://y.a.b/c'), '.a.b', true],
    [uri('x://a.b/c'), '.a.b', false],
    [uri('x://a.b/c'), '', true],
    [uri('x:c'), '', false],
    [uri('x://10.0.0.1/c'), '', false],
    [uri('not a uri'), '', false],
  ])('%j under %j is permitted: %s', (name, constraint, expected) => {
    expect(permitted(name, base(name.form as keyof typeof tags, constraint))).toBe(expected);
  });

  test.each<[GeneralName, string, boolean]>([
    [dns('a.b'), 'a.b', false],
    [dns('x.a.b'), 'a.b', false],
    [dns('b'), 'a.b', true],
    [dns('xa.b'), 'a.b', true],
    [dns('*.b'), 'a.b', false],
    [dns('*.b'), 'x.a.b', false],
    [dns('*.a.b'), 'x.c.b', true],
    [dns('*.ab'), 'a.b', true],
    [dns('xxb'), 'a.b', true],
    [dns('xxa.b'), 'a.b', true],
    [dns('a.b'), '', false],
    [email('me@a.b'), 'a.b', false],
    [email('me@x.a.b'), 'a.b', false],
    [email('me@x.a.b'), '.a.b', false],
    [email('me@a.b'), '.a.b', true],
    [email('me@a.b'), 'me@a.b', false],
    [email('me@a.b'), 'you@a.b', true],
    [email('me@x.a.b'), 'you@a.b', true],
    [uri('x://a.b'), 'a.b', false],
    [uri('x://y.a.b'), 'a.b', false],
    [uri('x://y.a.b'), '.a.b', false],
    [uri('x://a.b'), '.a.b', true],
    [uri('x://ya.b'), 'a.b', true],
  ])('%j under an excluded %j stays within: %s', (name, constraint, expected) => {
    expect(notExcluded(name, base(name.form as keyof typeof tags, constraint))).toBe(expected);
  });

  const network = (...octets: readonly number[]) => w.context(7, w.bytes(...octets));
  test.each<[GeneralName, Uint8Array, boolean]>([
    [ip(10, 1, 2, 3), network(10, 0, 0, 0, 255, 0, 0, 0), true],
    [ip(10, 1, 2, 3), network(10, 9, 9, 9, 255, 0, 0, 0), true],
    [ip(11, 1, 2, 3), network(10, 0, 0, 0, 255, 0, 0, 0), false],
    [ip(11, 1, 2, 3), network(10, 0, 0, 0, 254, 0, 0, 0), true],
    [ip(0, 0, 0, 0), network(0, 0, 0, 0, 0, 0, 0, 0), true],
    [ip(10, 0, 0, 1), network(10, 0, 0, 1, 255, 255, 255, 255), true],
    [ip(10, 0, 0, 2), network(10, 0, 0, 1, 255, 255, 255, 255), false],
    [ip(10, 0, 0, 1), network(...Array<number>(32).fill(0)), false],
    [ip(...Array<number>(16).fill(9)), network(...Array<number>(32).fill(0)), true],
    [ip(...Array<number>(16).fill(9)), network(0, 0, 0, 0, 0, 0, 0, 0), false],
  ])('%j is in a network: %s', (name, constraint, expected) => {
    expect(permitted(name, constraint)).toBe(expected);
    expect(notExcluded(name, constraint)).toBe(!expected);
  });

  test('an IPv4-mapped address is outside of everything, one that is nearly such is not', () => {
    const zeros = (count: number) => Array<number>(count).fill(0);
    const all = network(...zeros(32));
    expect(permitted(ip(...zeros(10), 255, 255, 10, 0, 0, 1), all)).toBe(false);
    expect(permitted(ip(...zeros(9), 1, 255, 255, 10, 0, 0, 1), all)).toBe(true);
    expect(permitted(ip(...zeros(10), 0, 255, 10, 0, 0, 1), all)).toBe(true);
    expect(permitted(ip(...zeros(10), 255, 0, 10, 0, 0, 1), all)).toBe(true);
    expect(permitted(ip(1, ...zeros(9), 255, 255, 10, 0, 0, 1), all)).toBe(true);
  });

  test('a form that is not constrained is within, and forms are not mixed', () => {
    expect(permitted(dns('a.b'), base('uri', 'a.b'))).toBe(true);
    expect(notExcluded(uri('x://a.b'), base('dns', 'a.b'))).toBe(true);
    expect(permitted(dns('a.b'), network(0, 0, 0, 0, 0, 0, 0, 0), base('dns', 'a.b'))).toBe(true);
  });

  test('every name is asked, and one of several permitted subtrees is enough', () => {
    const constraints = parse(list(0, base('dns', 'a'), base('dns', 'b')));
    expect(isWithin([dns('x.a'), dns('x.b')], constraints)).toBe(true);
    expect(isWithin([dns('x.a'), dns('x.c')], constraints)).toBe(false);
    expect(isWithin([dns('x.c'), dns('x.a')], constraints)).toBe(false);
  });
});
